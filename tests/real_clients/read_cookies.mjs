// Reads exports as programs on Node do. The first argument says how:
//   http FILE URL      sends the file's whole content as the Cookie header by Node's own `https`, through PROXY
//   dotenv FILE        the unmodified `dotenv`
//   netease FILE       the unmodified `NeteaseCloudMusicApi`, through PROXY: who is it?
//   meting FILE URL    the unmodified `@meting/core`: which headers does it send, and which number does it find?
// PACKAGES is the folder that the packages were installed under. Prints the answer, or one JSON object.

import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { createRequire } from 'node:module'
import tls from 'node:tls'
import { pathToFileURL } from 'node:url'

const [way, file, address] = process.argv.slice(2)
const text = fs.readFileSync(file, 'utf8')
const require = process.env.PACKAGES && createRequire(`${process.env.PACKAGES}/package.json`)

if (way === 'http') {
  const url = new URL(address)
  const proxy = new URL(process.env.PROXY)
  const tunnel = http.request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: `${url.hostname}:443` })
  tunnel.on('connect', (_, socket) => {
    const agent = new https.Agent()
    agent.createConnection = () => tls.connect({ socket, servername: url.hostname })
    const request = https.get(url, { headers: { Cookie: text }, agent }, async (response) => {
      let body = ''
      for await (const part of response) body += part
      console.log(body)
      process.exit(0)
    })
    request.on('error', (error) => { throw error })
  })
  tunnel.on('error', (error) => { throw error })
  tunnel.end()
} else if (way === 'dotenv') {
  console.log(JSON.stringify(require('dotenv').parse(text)))
} else if (way === 'netease') {
  const api = require('NeteaseCloudMusicApi')
  const { body } = await api.login_status({ cookie: text, proxy: process.env.PROXY.replace('http://', 'https://') })
  console.log(JSON.stringify({ nickname: body.data.profile?.nickname ?? null }))
  process.exit(0)
} else {
  // A song that has one format; what is asked for it shows what the package made of the cookie.
  const song = { data: [{ mid: 'mid', type: 0, file: { media_mid: 'media', size_128mp3: 1 } }] }
  const key = { req_0: { data: { sip: ['https://example.invalid/'], midurlinfo: Array(7).fill({ vkey: 'v', purl: 'p' }) } } }
  const asked = []
  globalThis.fetch = async (url, options) => {
    // `Headers` is what refuses a header that cannot be sent.
    asked.push({ url: new URL(url), cookie: new Headers(options.headers).get('cookie') })
    return new Response(JSON.stringify(asked.length === 1 ? song : key))
  }
  // Its entry for `require` is no CommonJS: only `import` works.
  const folder = `${process.env.PACKAGES}/node_modules/@meting/core`
  const manifest = JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'))
  const { default: Meting } = await import(pathToFileURL(`${folder}/${manifest.exports.import}`))
  await new Meting('tencent').format(true).cookie(text).url('mid')
  const { param } = JSON.parse(asked[1].url.searchParams.get('data')).req_0
  console.log(JSON.stringify({ uin: param.uin, cookies: asked.map(({ cookie }) => cookie) }))
}
