/** The pages of the settings, by the keyboard alone. */
import { describe, expect, test } from 'vitest';

import { visits } from './visits';

const { open, scene, press, focused, tabTo, lastCall, text } = visits();
const heading = () => text('h1');

describe('settings', () => {
  test('language and appearance change at once', async () => {
    await open('settings-general');
    await tabTo('g2-dark');
    await press('Space');
    expect(await lastPreferences()).toMatchObject({ theme: 'dark' });
    await tabTo('g1');
    await press('ArrowDown', 'ArrowDown');
    expect(await lastPreferences()).toMatchObject({ language: 'zh-CN' });
    expect(await heading()).toBe('通用');
    await tabTo('g4');
    await press('Space');
    expect(await lastPreferences()).toMatchObject({ closeToTray: false });
  });

  test('the start with the computer is switched, and back when the system refuses', async () => {
    await open('settings-general');
    await tabTo('g7');
    await press('Space');
    expect(await lastCall()).toEqual(['setStartAtLogin', true]);
    await scene().host((host) => {
      host.failing.setStartAtLogin = { code: 'unexpected', service: null, detail: 'no list', service_message: null };
    }, null);
    await press('Space');
    await expect.poll(() => text('#alert')).not.toBe('');
    expect(await scene().page.isChecked('#g7'), 'it is as it was').toBe(true);
  });

  test('the default format', async () => {
    await open('settings-general');
    await tabTo('g5');
    await press('ArrowDown');
    expect(await lastCall()).toEqual(['setSetting', 'format', 'json']);
  });

  test('automatic renewal and renewing all', async () => {
    await open('settings-renewal');
    await tabTo('r1');
    await press('Space');
    expect(await lastCall()).toEqual(['setSetting', 'auto-renew', 'off']);
    await tabTo('r-all');
    await press('Enter');
    expect(await lastCall()).toEqual(['renewAll']);
  });

  test('a proxy by address; one that cannot be used is said at the field and changes nothing', async () => {
    await open('settings-network');
    await tabTo('px-system');
    await press('ArrowDown');
    expect(await lastCall()).toEqual(['setSetting', 'proxy', 'none']);
    await press('ArrowDown');
    expect(await lastCall(), 'there is no address yet').toEqual(['setSetting', 'proxy', 'none']);
    await tabTo('px-u');
    await scene().page.keyboard.type('127.0.0.1:7890');
    await press('Enter');
    expect(await text('#px-e')).toContain('Enter an address such as');
    expect(await scene().page.getAttribute('#px-u', 'aria-invalid')).toBe('true');
    await scene().page.keyboard.press('Home');
    await scene().page.keyboard.type('socks5://');
    await press('Enter');
    expect(await lastCall()).toEqual(['setSetting', 'proxy', 'socks5://127.0.0.1:7890']);
    expect(await scene().page.$('#px-e')).toBeNull();
  });

  test('testing the connection saves the address first and says how long it took', async () => {
    await open('settings-network-manual');
    await tabTo('px-t');
    await press('Enter');
    expect(await lastCall()).toEqual(['testConnection']);
    const results = (await scene().page.$$eval('.gr.inset .sec', (rows) => rows.map(({ textContent }) => textContent))).join('; ');
    expect(results).toBe('QQ Music 48 ms; NetEase Cloud Music: no connection');
  });

  test('a measured time is told of no other way to connect, nor is one that comes late', async () => {
    const told = () => scene().page.$$eval('.gr.inset .num', (rows) => rows.length);
    await open('settings-network-manual');
    await tabTo('px-t');
    await press('Enter');
    expect(await told()).toBe(2);
    await scene().page.focus('#px-u');
    await press('End', '1');
    expect(await told(), 'another address is being written').toBe(0);
    await press('Backspace');
    expect(await told(), 'it is the measured one again').toBe(2);
    await press('End', '1', 'Enter');
    expect(await told(), 'another address is in force').toBe(0);

    await scene().host((host) => {
      const answers = host.testConnection.bind(host);
      host.testConnection = async () => {
        await new Promise((resolve) => addEventListener('late', resolve, { once: true }));
        return answers();
      };
    }, null);
    await tabTo('px-t');
    await press('Enter');
    await scene().page.focus('#px-manual');
    await press('ArrowUp');
    await scene().page.evaluate(() => dispatchEvent(new Event('late')));
    await expect.poll(() => text('#px-t')).toBe('Test connection');
    expect(await told(), 'what was asked for the address is not told of no proxy').toBe(0);
  });

  test('an address that was left for another choice is there again, and the last choice is the one in force', async () => {
    await open('settings-network-manual');
    const address = await scene().page.inputValue('#px-u');
    await scene().page.focus('#px-manual');
    await press('ArrowUp');
    expect(await lastCall()).toEqual(['setSetting', 'proxy', 'none']);
    await press('ArrowDown');
    expect(await scene().page.inputValue('#px-u')).toBe(address);
    expect(await lastCall()).toEqual(['setSetting', 'proxy', address]);
    for (const key of ['ArrowUp', 'ArrowDown', 'ArrowUp', 'ArrowDown']) await scene().page.keyboard.press(key);
    await scene().settled();
    expect(await lastCall()).toEqual(['setSetting', 'proxy', address]);
    expect(await scene().page.isChecked('#px-manual')).toBe(true);
  });

  test('what is wrong with an address moves no button', async () => {
    await open('settings-network-manual');
    const top = () => scene().page.$eval('#px-t', (button) => button.getBoundingClientRect().top);
    const before = await top();
    await scene().page.fill('#px-u', 'nowhere');
    await tabTo('px-t');
    expect(await text('#px-e')).toContain('Enter an address such as');
    expect(await top()).toBe(before);
  });

  test('a file that is no certificate is not taken for the one in use', async () => {
    await open('settings-network');
    await scene().host((host) => {
      host.failing.chooseExtraCa = { code: 'extra_ca_unusable', service: null, detail: null, service_message: null };
    }, null);
    await tabTo('ca-b');
    await press('Enter');
    expect(await text('.err')).toBe('The chosen file can’t be read or holds no certificate. Nothing has changed.');
  });

  test('a certificate is chosen and removed', async () => {
    await open('settings-network');
    await tabTo('ca-b');
    await press('Enter');
    expect(await lastCall()).toEqual(['chooseExtraCa']);
    await tabTo('ca-x');
    await press('Enter');
    expect(await lastCall()).toEqual(['setSetting', 'extra-ca', '']);
    expect((await focused()).id, 'the button is gone, the focus is not').toBe('ca-b');
  });

  test('the NetEase client, and when the clipboard is cleared', async () => {
    await open('settings-network');
    await tabTo('n-netease-profile');
    await press('ArrowDown');
    expect(await lastCall()).toEqual(['setSetting', 'netease-profile', 'pc']);
    await tabTo('n-netease-profile');
    await press('Control+,');
    await tabTo('s-st-security');
    await press('Enter');
    await tabTo('s1');
    await press('ArrowDown');
    expect(await lastCall()).toEqual(['setSetting', 'clipboard-seconds', '60']);
  });

  test('new versions are a page in the browser, and one hears when there is no browser', async () => {
    await open('settings-about');
    await tabTo('b-new');
    await press('Enter');
    expect(await lastCall(), 'the page names no address').toEqual(['openReleases']);
    await scene().host((host) => {
      host.failing.openReleases = { code: 'unexpected', service: null, detail: 'no browser', service_message: null };
    }, null);
    await press('Enter');
    await expect.poll(() => text('#alert')).not.toBe('');
  });

  test('arrow keys move through the pages', async () => {
    await open('settings-general');
    await tabTo('s-st-general');
    await press('ArrowDown', 'ArrowDown', 'Enter');
    expect(await heading()).toBe('Network');
    expect((await focused()).id, 'the list keeps the focus').toBe('s-st-network');
  });

  async function lastPreferences(): Promise<unknown> {
    return (await scene().calls()).filter(([command]) => command === 'setPreferences').at(-1)?.[1];
  }
});
