"""Asks with a Netscape file as the unmodified `yt-dlp` reads it: `FILE URL`, the proxy in PROXY. Prints the answer."""

import os
import sys

import yt_dlp

file, url = sys.argv[1:]
with yt_dlp.YoutubeDL({"cookiefile": file, "proxy": os.environ["PROXY"], "quiet": True}) as client:
    print(client.urlopen(url).read().decode())
