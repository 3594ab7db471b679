"""A client of the vkeys API, written from its public description alone: signs in by a code and renews what comes.

Reads the address that stands in the place of https://api.vkeys.cn from its input. Prints a line of JSON for each thing
that happens, without any secret.
"""

import hashlib
import json
import sys
import urllib.parse
import urllib.request

BASE = sys.stdin.readline().strip()


def say(**what):
    print(json.dumps(what), flush=True)


def events(address):
    """The events of a stream: their ids and their data."""
    with urllib.request.urlopen(address, timeout=60) as response:
        last_id, data = "", []
        for line in response:
            line = line.decode().rstrip("\n")
            if line == "" and data:
                yield last_id, "\n".join(data)
                data = []
            elif line.startswith("id:"):
                last_id = line[3:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))


def sign_in():
    for last_id, data in events(BASE + "/music/tencent/cookie/qrcode?save=false"):
        if last_id == "1":
            assert data.startswith("data:image/"), data[:20]
            say(step="picture")
        elif data == "二维码已失效":
            raise SystemExit("the code has expired")
        else:
            try:
                answer = json.loads(data)
            except ValueError:
                continue
            if "cookie" in answer:
                return answer
    raise SystemExit("the stream has ended")


def refresh(cookie):
    query = urllib.parse.urlencode({"uin": cookie["uin"], "music_key": cookie["musickey"],
                                    "refresh_key": cookie["refresh_key"], "refresh_token": cookie["refresh_token"]})
    with urllib.request.urlopen(BASE + "/music/tencent/cookie/refresh?" + query, timeout=60) as response:
        return json.load(response)


def checked(answer):
    """The sample of the description: every member, and its type."""
    assert answer["code"] in (0, 200) and isinstance(answer["message"], str), answer["code"]
    for member, kind in (("time", str), ("pid", int), ("tips", str)):
        assert isinstance(answer[member], kind), member
    data = answer["data"]
    members = {
        "cookie": {"uin": int, "musickey": str, "refresh_token": str, "refresh_key": str,
                   "musickeyCreateTimestamp": int, "musickeyCreateTime": str, "keyExpiresIn": int,
                   "musickeyLastTimestamp": int, "musickeyLastTime": str},
        "info": {"vip": bool, "vipEndTimestamp": int, "vipEndTime": str, "vipDateDiff": int,
                 "svip": bool, "svipEndTimestamp": int, "svipEndTime": str, "svipDateDiff": int},
    }
    for part, kinds in members.items():
        for member, kind in kinds.items():
            assert isinstance(data[part][member], kind), (part, member)
    return data["cookie"]


signed_in = sign_in()
cookie = checked(signed_in)
assert signed_in["cookie"] == cookie and signed_in["info"] == signed_in["data"]["info"]
say(step="signed_in", uin=cookie["uin"])
renewed = checked(refresh(cookie))
assert renewed["uin"] == cookie["uin"]
say(step="renewed", is_another=renewed["musickey"] != cookie["musickey"],
    key=hashlib.sha256(renewed["musickey"].encode()).hexdigest())
