//! probe
use tunekey_tests::desktop::Desktop;
#[tokio::test(flavor = "multi_thread")]
async fn probe() {
    let d = Desktop::start().await.unwrap();
    let w = d.window().await.unwrap();
    w.reads("h1", "Scan once").await.unwrap();
    w.value("window.__errs=[]; window.addEventListener('error', e => __errs.push(String(e.message)+e.filename+e.lineno)); window.addEventListener('unhandledrejection', e => __errs.push('rej '+String(e.reason)+JSON.stringify(e.reason))); document.addEventListener('click', e => __errs.push('click '+e.target.outerHTML.slice(0,80)), true); document.addEventListener('pointerdown', e => __errs.push('pd '+e.clientX+','+e.clientY+e.target.tagName), true)").await.unwrap();
    w.click("#c-netease").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    println!("{}", w.value("return [JSON.stringify(__errs), document.querySelector('h1').innerText, JSON.stringify(document.querySelector('#c-netease')?.getBoundingClientRect())].join('\\n')").await.unwrap());
    w.value("document.querySelector('#c-netease').click()").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    println!("{}", w.value("return [JSON.stringify(__errs), document.querySelector('h1').innerText].join('\\n')").await.unwrap());
}
