'use strict'
var texts = {
  404: '已扫描，请在手机上确认', 403: '你已取消本次登录', 402: '二维码已过期', 500: '系统错误',
}
var last = 0
// An answer is a script that sets two variables, as the service gives it.
function ask() {
  window.wx_errcode = 0
  var script = document.createElement('script')
  script.src = fordevtool + (last === 404 ? '&last=404' : '') + '&_=' + Date.now()
  script.onload = function () { script.remove(); heard(window.wx_errcode, window.wx_code) }
  script.onerror = function () { script.remove(); setTimeout(ask, 1000) }
  document.head.append(script)
}
function heard(errcode, code) {
  if (texts[errcode]) document.getElementById('said').textContent = texts[errcode]
  if (errcode === 405) location.replace(target.replace('&state=', '&code=' + code + '&state='))
  else if (errcode === 404 || errcode === 408) { last = errcode === 404 ? 404 : last; setTimeout(ask, 100) }
}
ask()
