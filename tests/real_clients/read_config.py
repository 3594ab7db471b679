"""Reads what a delivery has changed as its reader does, and prints it as JSON: `toml FILE` and `json FILE` by Python's own
libraries; `cloud URL UUID PASSWORD_FILE` by the unmodified `PyCookieCloud`, which knows the older cipher alone; and
`fixed-cloud` the same by the other cipher, as CookieCloud's own extension computes it.
"""

import base64
import hashlib
import json
import sys
import tomllib
import urllib.request

way, place, *more = sys.argv[1:]
if way == "toml":
    with open(place, "rb") as file:
        print(json.dumps(tomllib.load(file)))
elif way == "json":
    with open(place) as file:
        print(json.dumps(json.load(file)))
else:
    uuid, password = more[0], open(more[1]).read().strip()
    if way == "cloud":
        from PyCookieCloud import PyCookieCloud

        print(json.dumps(PyCookieCloud(place, uuid, password).get_decrypted_data()))
    else:
        from Cryptodome.Cipher import AES
        from Cryptodome.Util.Padding import unpad

        told = json.load(urllib.request.urlopen(f"{place}/get/{uuid}"))
        assert told["crypto_type"] == "aes-128-cbc-fixed", told["crypto_type"]
        key = hashlib.md5(f"{uuid}-{password}".encode()).hexdigest()[:16].encode()
        data = AES.new(key, AES.MODE_CBC, bytes(16)).decrypt(base64.b64decode(told["encrypted"]))
        print(json.dumps(json.loads(unpad(data, 16))["cookie_data"]))
