/** What the window says of a browser's CookieCloud; `words.ts` takes them in and checks them. */
export const cloudWords = {
  'cc.sub': [
    'The CookieCloud extension keeps your browser’s cookies on a server of yours. TuneKey takes what plays; the browser goes on renewing it.',
    'CookieCloud 扩展会把浏览器的 Cookie 存到你的服务器。TuneKey 只取播放所需的部分，由浏览器继续续期。',
  ],
  'cc.url': ['Server', '服务器地址'],
  'cc.uuid': ['uuid, as the extension says', '扩展中的 uuid'],
  'cc.password': ['Password, as the extension says', '扩展中的密码'],
  'cc.password.b': ['It goes from the clipboard to TuneKey, which asks once and does not keep it.', '从剪贴板直接交给 TuneKey，只用这一次，不会保存。'],
  'cc.password.given': ['Pasted. It is used once and not kept.', '已粘贴，只用这一次，不会保存。'],
  'cc.plain': ['Not encrypted: only in my own network', '未加密：仅限自己的内网'],
  'cc.read': ['Read cookies…', '读取 Cookie…'],
  'cc.reading': ['Reading…', '正在读取…'],
} as const;
