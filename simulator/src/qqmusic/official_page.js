'use strict'
var texts = {
  shown: '请在手机上确认登录 QQ 音乐', scanned: '已扫描，请在手机上确认', confirmed: '登录成功，正在跳转…',
  refused: '你已拒绝登录', expired: '登录已超时，请刷新页面', risk: '登录环境异常，请稍后再试',
}
function ask() {
  fetch(state, { cache: 'no-store' }).then(function (answer) { return answer.json() }).then(heard).catch(again)
}
function again() { setTimeout(ask, 200) }
function heard(answer) {
  if (texts[answer.state]) document.getElementById('said').textContent = texts[answer.state]
  if (answer.state === 'confirmed') location.replace(next)
  else if (answer.state === 'shown' || answer.state === 'scanned') again()
}
ask()
