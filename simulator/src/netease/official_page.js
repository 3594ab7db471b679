'use strict'
var texts = {
  shown: '请在手机上确认登录网易云音乐', scanned: '已扫描，请在手机上确认', confirmed: '正在登录…', delivered: '登录成功',
  refused: '你已拒绝登录', expired: '登录已超时，请刷新页面', risk: '登录环境异常，请稍后再试', lost: '网络异常，请刷新页面',
}
function say(name) {
  if (texts[name]) document.getElementById('said').textContent = texts[name]
}
function json(answer) { return answer.json() }
function ask() { fetch(state, { cache: 'no-store' }).then(json).then(heard).catch(again) }
function again() { setTimeout(ask, 200) }
function finish() {
  fetch(next, { cache: 'no-store' }).then(json)
    .then(function (answer) { say(answer.state) }).catch(function () { say('lost') })
}
function heard(answer) {
  say(answer.state)
  if (answer.state === 'confirmed') finish()
  else if (answer.state === 'shown' || answer.state === 'scanned') again()
}
ask()
