"""Takes a Credential in JSON as the unmodified `qqmusic-api-python` reads it, asks whether it works, and with `renew` behind
the file's name renews it. The environment says where, as in qqmusic.py. Prints one JSON object.
"""

import asyncio
import json
import os
import sys

from qqmusic_api import Client
from qqmusic_api.models.request import Credential


async def main() -> None:
    with open(sys.argv[1]) as file:
        credential = Credential.model_validate_json(file.read())
    async with Client(device_path=os.environ["DEVICE_FILE"], credential=credential) as client:
        expired = await client.login.check_expired(credential)
        renewed = await client.login.refresh_credential() if "renew" in sys.argv else None
    print(
        json.dumps(
            {
                "musicid": credential.musicid,
                "is_valid": credential.is_valid(),
                "ended": credential.is_expired(),
                "expired": expired,
                "key": renewed.musickey if renewed else None,
            }
        )
    )


asyncio.run(main())
