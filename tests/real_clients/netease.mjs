// Signs in to NetEase Cloud Music with the unmodified `NeteaseCloudMusicApi`, in the way named by the first argument
// (eapi, weapi or api), asks for status and membership, renews and signs out.
//
// The environment says where: TUNNEL names the proxy as https://127.0.0.1:PORT (the package takes the scheme for that of
// the sites behind it), NODE_EXTRA_CA_CERTS the certificate to trust, PACKAGE the folder that the package was installed
// under. Prints one JSON object as the last line on standard output; the package prints lines of its own before.

import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'

const require = createRequire(`${process.env.PACKAGE}/package.json`)
const api = require('NeteaseCloudMusicApi')
const [way] = process.argv.slice(2)
const session = (cookies) => /MUSIC_U=([^;]+)/.exec(cookies)[1]
const base = { proxy: process.env.TUNNEL, crypto: way }

// The package's own server does this at start: it makes a device id and registers a guest.
const guest = await api.register_anonimous({ proxy: base.proxy })

const key = (await api.login_qr_key(base)).body.data.unikey
const text = (await api.login_qr_create({ ...base, key, platform: way === 'weapi' ? 'web' : 'pc' })).body.data.qrurl
const codes = []
let scanned = null
let signedIn = null
while (!signedIn) {
  const { body } = await api.login_qr_check({ ...base, key })
  if (codes.at(-1) !== body.code) codes.push(body.code)
  if (body.code === 802) scanned = { nickname: body.nickname, avatarUrl: body.avatarUrl }
  if (body.code === 803) signedIn = body
  else if (![801, 802].includes(body.code)) throw new Error(`unexpected code ${JSON.stringify(body)}`)
  else await pause(200)
}
const late = (await api.login_qr_check({ ...base, key })).body.code
const cookie = signedIn.cookie

const status = (await api.login_status({ ...base, crypto: undefined, cookie })).body.data
// Only the desktop way can ask for an encrypted answer.
const statusSameWay = (await api.login_status({ ...base, cookie, e_r: way === 'eapi' })).body.data
const account = (await api.user_account({ ...base, cookie })).body
const front = (await api.vip_info({ ...base, cookie })).body
const client = (await api.vip_info_v2({ ...base, cookie })).body
// On eapi and api the package sends no MUSIC_R_U, so the service does not renew; on weapi it sends the whole jar.
const sameWay = (await api.login_refresh({ ...base, cookie })).body
const renewed = (await api.login_refresh({ ...base, crypto: 'weapi', cookie })).body
const after = (await api.login_status({ ...base, crypto: undefined, cookie: renewed.cookie })).body.data
const out = (await api.logout({ ...base, cookie: renewed.cookie })).body.code
const atLast = (await api.login_status({ ...base, crypto: undefined, cookie: renewed.cookie })).body.data

console.log(
  JSON.stringify({
    guest: guest.body.code,
    text,
    codes,
    late,
    scanned,
    nickname: status.profile.nickname,
    sameNickname: [statusSameWay.profile.nickname, account.profile.nickname, after.profile.nickname],
    vipCodes: [front.data.redplus.vipCode, client.data.redplus.vipCode],
    sameWay: { code: sameWay.code, bizCode: sameWay.bizCode },
    renewed: { code: renewed.code, bizCode: renewed.bizCode },
    sessions: [session(cookie), session(renewed.cookie)],
    out,
    atLast,
  }),
)
process.exit(0)
