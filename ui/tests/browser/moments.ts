/** Moments inside a scene that only come about when something is done: menus, dialogs, toasts, folds, errors. */
import { people, scenes, type SceneName } from '../../src/host/scenes';

import type { Scene } from './stage';

/** A moment: the scene it happens in, and what brings it about. */
export interface Moment {
  scene: SceneName;
  make?: (scene: Scene) => Promise<void>;
}

const press = (id: string) => async (scene: Scene) => {
  await scene.page.focus(`#${id}`);
  await scene.page.keyboard.press('Enter');
  await scene.settled();
};

const made: Record<string, Moment> = {
  'formats open': { scene: 'account-healthy', make: press('a-fmt') },
  'formats open for a minimal copy': {
    scene: 'account-healthy',
    async make(scene) {
      await press('a-fmt')(scene);
      await press('f-minimal')(scene);
    },
  },
  'formats open of NetEase': { scene: 'account-long', make: press('a-fmt') },
  'copied minimally': {
    scene: 'account-healthy',
    async make(scene) {
      await press('a-fmt')(scene);
      await press('f-minimal')(scene);
      await press('f-qqmusicapi')(scene);
    },
  },
  'more open': { scene: 'account-healthy', make: press('a-more') },
  'all renewals': { scene: 'account-healthy', make: press('a-all') },
  'asked before copying what is dead': { scene: 'account-dead', make: press('a-copy') },
  'a name being written': {
    scene: 'account-labelled',
    async make(scene) {
      await scene.page.keyboard.press('F2');
      await scene.settled();
    },
  },
  'a note being written': {
    scene: 'account-labelled',
    async make(scene) {
      await press('a-more')(scene);
      await press('m-note')(scene);
    },
  },
  'all renewed but one': {
    scene: 'overview-many',
    async make(scene) {
      await scene.host((host, id) => {
        host.failingRenewals = [id];
      }, people.xiaoman.id);
      await press('o-all')(scene);
    },
  },
  'renewing all': {
    scene: 'overview',
    async make(scene) {
      await scene.host((host) => {
        host.hanging = ['renewAll'];
      }, null);
      await press('o-all')(scene);
    },
  },
  'nothing found': {
    scene: 'overview-many',
    async make(scene) {
      await scene.page.focus('#s-find').catch(() => undefined);
      await scene.page.keyboard.type('nobody');
      await scene.settled();
    },
  },
  'a check finished too early': {
    scene: 'phone-captcha',
    async make(scene) {
      await press('p-done')(scene);
      await scene.host((host) => {
        host.step({ step: 'ask_captcha' });
      }, null);
      await scene.settled();
    },
  },
  'still locked': { scene: 'keychain-locked', make: press('kl-p') },
  copied: { scene: 'account-healthy', make: press('a-copy') },
  cleared: {
    scene: 'account-healthy',
    async make(scene) {
      await press('a-copy')(scene);
      await press('t-clear')(scene);
    },
  },
  'a failure told': {
    scene: 'account-healthy',
    async make(scene) {
      await scene.host((host) => {
        host.failing.renew = { code: 'timeout', service: 'qqmusic', detail: 'no answer within 10 s', service_message: null };
      }, null);
      await press('a-ref')(scene);
    },
  },
  'signed in and copied': { scene: 'qq-success', make: press('q-copy') },
  'details of a timeout': { scene: 'qq-timeout', make: press('det') },
  'details of trouble': { scene: 'account-trouble', make: press('det') },
  'a number that cannot be one': {
    scene: 'phone-number',
    async make(scene) {
      await scene.page.focus('#p-num');
      await scene.page.keyboard.type('1380013');
      await scene.page.keyboard.press('Enter');
      await scene.settled();
    },
  },
  'a code half typed': {
    scene: 'phone-code',
    async make(scene) {
      await scene.page.focus('#p-code');
      await scene.page.keyboard.type('480');
      await scene.settled();
    },
  },
  'an address that is missing': { scene: 'deliver-webhook', make: press('dl-save') },
  'a secret pasted': { scene: 'deliver-meting-admin', make: press('dq-token-b') },
  'more choices': { scene: 'deliver-webhook', make: press('dl-more') },
  'a delivery that cannot be': {
    scene: 'deliver-meting',
    async make(scene) {
      await scene.host((host) => {
        host.failing.addDelivery = { code: 'invalid_input', service: null, detail: 'a relative path', service_message: null };
      }, null);
      await scene.page.focus('#dq-path');
      await scene.page.keyboard.type('cookie');
      await scene.page.keyboard.press('Enter');
      await scene.settled();
    },
  },
  'a delivery tested in vain': { scene: 'delivery-waiting', make: press('dv-test') },
  'a delivery being named': { scene: 'delivery-failing', make: press('dv-rename') },
  'all of a delivery’s history': { scene: 'delivery-failing', make: press('dv-all') },
  'a channel being added': { scene: 'settings-notifications-none', make: press('nt-add') },
  'a channel with something missing': {
    scene: 'settings-notifications',
    async make(scene) {
      await press('nt-add')(scene);
      await press('nt-f-save')(scene);
    },
  },
  'quiet hours that are none': {
    scene: 'settings-notifications',
    async make(scene) {
      await scene.page.fill('#nt-q-to', '22:30');
      await scene.page.keyboard.press('Tab');
      await scene.settled();
    },
  },
  'an address being typed': {
    scene: 'settings-notifications-none',
    async make(scene) {
      await scene.page.fill('#nt-p', 'http://192.168.1.2/ping');
      await scene.settled();
    },
  },
  'a token being made': { scene: 'settings-security-api', make: press('api-add') },
  'a token without a name': {
    scene: 'settings-security',
    async make(scene) {
      await press('api-add')(scene);
      await press('api-f-make')(scene);
    },
  },
  'a token made': {
    scene: 'settings-security-api',
    async make(scene) {
      await press('api-add')(scene);
      await scene.page.keyboard.type('a-program-with-a-long-name-in-the-attic');
      await scene.page.keyboard.press('Enter');
      await scene.page.waitForSelector('.toast');
      await scene.settled();
    },
  },
  'a port that is none': {
    scene: 'settings-security-taken',
    async make(scene) {
      await scene.page.fill('#api-port', '80');
      await scene.page.keyboard.press('Tab');
      await scene.settled();
    },
  },
  'all that was asked': { scene: 'settings-security-api', make: press('api-log-all') },
  'connection tested': { scene: 'settings-network-manual', make: press('px-t') },
  'a bad proxy address': {
    scene: 'settings-network',
    async make(scene) {
      await scene.page.focus('#px-none');
      await scene.page.keyboard.press('ArrowDown');
      await scene.page.focus('#px-u');
      await scene.page.keyboard.type('http://me:secret@proxy:3128');
      await scene.page.keyboard.press('Enter');
      await scene.settled();
    },
  },
  'a certificate that cannot be used': {
    scene: 'settings-network',
    async make(scene) {
      await scene.host((host) => {
        host.failing.chooseExtraCa = { code: 'extra_ca_unusable', service: null, detail: 'no certificate', service_message: null };
      }, null);
      await press('ca-b')(scene);
    },
  },
};

/** Every scene as it opens, and every moment in it. */
export const moments: Record<string, Moment> = {
  ...Object.fromEntries((Object.keys(scenes) as SceneName[]).map((scene) => [scene, { scene }])),
  ...made,
};
