/** What is wrong with a form: it is seen at once, moves no button, and goes when the form is changed. */
import { describe, expect, test } from 'vitest';

import type { Host } from '../../src/host/host';
import type { SceneName } from '../../src/host/scenes';

import { visits } from './visits';

const { open, scene } = visits();

interface Form {
  scene: SceneName;
  /** What opens the form. */
  opener?: string;
  filled: Record<string, string>;
  /** What is clicked before it is sent. */
  pasted?: string;
  command: keyof Host;
  button: string;
  said: string;
  /** What is changed afterwards, by a click or by other words. */
  changed: string;
}

const FORMS: Record<string, Form> = {
  'a token': {
    scene: 'settings-security',
    opener: '#api-add',
    filled: { '#api-f-name': 'nas' },
    command: 'addApiToken',
    button: '#api-f-make',
    said: '#api-f-e',
    changed: '#api-f-cookie',
  },
  'a channel': {
    scene: 'settings-notifications-none',
    opener: '#nt-add',
    filled: { '#nt-f-topic': 't' },
    command: 'addChannel',
    button: '#nt-f-save',
    said: '#nt-f-e',
    changed: '#nt-f-plain',
  },
  'an address to call': {
    scene: 'settings-notifications-none',
    filled: { '#nt-p': 'http://hc.example/x' },
    command: 'setPing',
    button: '#nt-p-save',
    said: '#nt-p-e',
    changed: '#nt-p-plain',
  },
  'a delivery': {
    scene: 'deliver-meting',
    filled: { '#dq-path': 'relative' },
    command: 'addDelivery',
    button: '#dl-save',
    said: '.banner',
    changed: '#dq-path',
  },
  'a CookieCloud': {
    scene: 'cloud-empty',
    filled: { '#cc-url': 'http://nas.example', '#cc-uuid': 'u-1' },
    pasted: '#dq-cookiecloud-password-b',
    command: 'readCookieCloud',
    button: '#cc-read',
    said: '.banner',
    changed: '#cc-plain',
  },
};

for (const look of [{}, { width: 720, height: 480, lang: 'zh', theme: 'dark' }] as const) {
  describe(`in ${'width' in look ? 'the smallest window' : 'a window of the usual size'}`, () => {
    test.each(Object.entries(FORMS))('%s', async (_, form) => {
      await open(form.scene, look);
      const { page } = scene();
      if (form.opener) await page.click(form.opener);
      for (const [field, words] of Object.entries(form.filled)) await page.fill(field, words);
      if (form.pasted) await page.click(form.pasted);
      await scene().host((host, command) => {
        const words = { english: 'This address is not encrypted: allow that below, or use https.', chinese: '该地址未加密，请在下方允许，或改用 https。' };
        host.failing[command] = { code: 'invalid_input', service: null, detail: null, service_message: null, words };
      }, form.command);
      const button = page.locator(form.button);
      await button.scrollIntoViewIfNeeded();
      const top = () => button.evaluate((element) => element.getBoundingClientRect().top + (element.closest('.scroll, main')?.scrollTop ?? 0));
      const before = await top();
      await button.click();
      await page.waitForSelector(form.said);
      await scene().settled();
      expect(await top(), 'the button is where it was').toBe(before);
      const view = page.viewportSize();
      const box = await page.locator(form.said).boundingBox();
      expect(box !== null && view !== null && box.y >= 0 && box.y + box.height <= view.height, 'one sees what is wrong').toBe(true);
      if (form.changed in form.filled) await page.fill(form.changed, '/srv/cookie');
      else await page.click(form.changed);
      await scene().settled();
      expect(await page.$(form.said), 'it is changed').toBeNull();
      expect(await top(), 'the button has not moved').toBe(before);
    });
  });
}
