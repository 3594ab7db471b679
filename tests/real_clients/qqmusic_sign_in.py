"""Signs in to QQ Music with the unmodified `qqmusic-api-python` and ends: what is measured in `cargo xtask bench`.

The argument says how (see qqmusic.py, where the environment is explained, too). Prints one JSON object without a secret.
"""

import asyncio
import json
import os
import sys

from qqmusic_api import Client
from qqmusic_api.models.login import QRCodeLoginEvents, QRLoginType
from qqmusic_api.modules.login_utils import QRCodeLoginSession


async def main() -> None:
    async with Client(device_path=os.environ["DEVICE_FILE"]) as client:
        session = QRCodeLoginSession(client.login, QRLoginType[sys.argv[1]], interval=1.0, timeout_seconds=60)
        async for result in session:
            if result.event == QRCodeLoginEvents.DONE:
                print(json.dumps({"musicid": result.credential.musicid}))


asyncio.run(main())
