// Signs in to NetEase Cloud Music with the unmodified `NeteaseCloudMusicApi` and ends: what is measured in
// `cargo xtask bench`. The argument and the environment are those of netease.mjs. Prints one JSON object without a secret.

import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'

const require = createRequire(`${process.env.PACKAGE}/package.json`)
const api = require('NeteaseCloudMusicApi')
const [way] = process.argv.slice(2)
const base = { proxy: process.env.TUNNEL, crypto: way }

await api.register_anonimous({ proxy: base.proxy })
const key = (await api.login_qr_key(base)).body.data.unikey
await api.login_qr_create({ ...base, key, platform: way === 'weapi' ? 'web' : 'pc' })
let code = 801
while (code !== 803) {
  code = (await api.login_qr_check({ ...base, key })).body.code
  if (![801, 802, 803].includes(code)) throw new Error(`unexpected code ${code}`)
  // As often as TuneKey asks.
  if (code !== 803) await pause(1000)
}
console.log(JSON.stringify({ code }))
process.exit(0)
