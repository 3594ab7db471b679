"""Asks with a cookie file as Python's own libraries read it; runs on every Python from 3.8 on.

The first argument says how: `jar FILE URL` loads a Netscape file into `http.cookiejar`, `header FILE URL` sends the file's
whole content as the Cookie header by `http.client`. The environment says where: PROXY names the proxy, CA the certificate to
trust. Prints the answer.
"""

import http.client
import http.cookiejar
import os
import ssl
import sys
import urllib.parse
import urllib.request

way, file, url = sys.argv[1:]
context = ssl.create_default_context(cafile=os.environ["CA"])
if way == "jar":
    jar = http.cookiejar.MozillaCookieJar(file)
    jar.load()
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": os.environ["PROXY"]}),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPCookieProcessor(jar),
    )
    print(opener.open(url, timeout=30).read().decode())
else:
    target, proxy = urllib.parse.urlsplit(url), urllib.parse.urlsplit(os.environ["PROXY"])
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=30, context=context)
    connection.set_tunnel(target.hostname, 443)
    with open(file, newline="") as header:
        connection.request("GET", target.path + "?" + target.query, headers={"Cookie": header.read()})
    print(connection.getresponse().read().decode())
