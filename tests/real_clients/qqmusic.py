"""Signs in to QQ Music with the unmodified `qqmusic-api-python`, checks, renews and signs out.

The argument says how: QQ, WX or MOBILE. The environment says where: HTTPS_PROXY names the proxy, REQUESTS_CA_BUNDLE the certificate to trust, DEVICE_FILE the
file in which the client keeps its device. Prints one JSON object on standard output.
"""

import asyncio
import json
import os
import sys

from qqmusic_api import Client
from qqmusic_api.models.login import QRCodeLoginEvents, QRLoginType
from qqmusic_api.modules.login_utils import QRCodeLoginSession


async def main() -> None:
    seen = []
    async with Client(device_path=os.environ["DEVICE_FILE"]) as client:
        session = QRCodeLoginSession(client.login, QRLoginType[sys.argv[1]], interval=1.0, timeout_seconds=60)
        credential = None
        async for result in session:
            seen.append(result.event.name)
            if result.event == QRCodeLoginEvents.DONE:
                credential = result.credential
        assert credential is not None, f"no credential after {seen}"
        assert credential.is_valid() and not credential.is_expired()
        client.credential = credential

        expired_before = await client.login.check_expired()
        homepage = await client.execute(client.user.get_homepage(credential.encrypt_uin))
        vip = await client.execute(client.user.get_vip_info())
        renewed = await client.login.refresh_credential()
        again = await client.login.refresh_credential()
        expired_after = await client.login.check_expired()
        await client.login.logout()
        expired_at_last = await client.login.check_expired(again)

    print(
        json.dumps(
            {
                "events": seen,
                "musicid": credential.musicid,
                "keys": [credential.musickey, renewed.musickey, again.musickey],
                "refresh_keys": [credential.refresh_key, renewed.refresh_key, again.refresh_key],
                "name": homepage.base_info.name,
                "huge_vip": vip.identity.huge_vip,
                "level": vip.identity.level,
                "expired": [expired_before, expired_after, expired_at_last],
            }
        )
    )


asyncio.run(main())
