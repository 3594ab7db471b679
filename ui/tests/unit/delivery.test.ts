import { beforeAll, describe, expect, test } from 'vitest';

import { say, type Say } from '../../src/copy';
import { knowDeliveries, presetOf, presets } from '../../src/copy/deliveries';
import { know } from '../../src/copy/services';
import { answersOf, deliveredTo, deliverySays, ownerOf, secretsOf, suits } from '../../src/format/delivery';
import { regionOf } from '../../src/format/time';
import { deliveries as facts } from '../../src/host/bindings/deliveries';
import { services } from '../../src/host/bindings/services';
import { handed, places } from '../../src/host/places';
import { NOW, people } from '../../src/host/scenes';
import { Core } from '../../src/state/core.svelte';

know(services);
knowDeliveries(facts);

beforeAll(() => {
  process.env['TZ'] = 'Asia/Shanghai';
});

const english: Say = (key, ...values) => say('en', key, ...values);
const given = { say: english, region: regionOf('en', 'en_US.UTF-8'), now: new Date(NOW) };
const plain = (text: string) => text.replace(/\u00a0/g, ' ').replace(/\u2060/g, '');
const preset = (name: string) => presetOf(name) ?? expect.unreachable();

describe('the sentence that says who has the key', () => {
  const { meting, admin, env } = places;

  test('counts the places that are on', () => {
    expect(deliveredTo(english, [meting, admin, env])).toBe('Delivered to 1 of 2 places.');
  });

  test('names the one place that there is', () => {
    expect(deliveredTo(english, [meting, env])).toBe('Delivered to Meting-API (file).');
    expect(deliveredTo(english, [admin])).toBe('Not delivered to NAS in the attic yet.');
  });

  test('says nothing where nothing is delivered', () => {
    expect(deliveredTo(english, [])).toBe('');
    expect(deliveredTo(english, [env])).toBe('');
  });

  test('knows to whom it was handed over', () => {
    expect(ownerOf(english, [meting, handed])).toBe('music-bot');
    expect(ownerOf(english, [meting])).toBeNull();
  });
});

describe('how a delivery stands', () => {
  test('is said with what happens next', () => {
    const says = (delivery: Parameters<typeof deliverySays>[0]) => plain(deliverySays(delivery, people.linJian, given));
    expect(says(places.meting)).toBe('Delivered and confirmed, Nov 20, 02:05');
    expect(says(places.admin)).toBe('Not delivered, 14:50. TuneKey tries again today 15:04.');
    expect(says({ ...places.admin, retry_at: null })).toBe('Not delivered, 14:50.');
    expect(says(places.env)).toBe('Switched off: new keys don’t go there.');
    expect(says({ ...places.meting, state: 'waiting' })).toBe('There is a new key, which goes there next.');
    expect(says(handed)).toBe('Handed over Nov 20, 10:00: renewed there, not by TuneKey.');
    expect(says({ ...handed, state: 'taken_back' })).toMatch(/nothing more goes there/);
    expect(deliverySays({ ...places.meting, state: 'waiting' }, people.mori, given)).toBe('Waits until you sign in again.');
  });
});

describe('a preset', () => {
  test('is offered for the accounts that it takes', () => {
    expect(suits(preset('openlist'), 'netease')).toBe(true);
    expect(suits(preset('openlist'), 'qqmusic')).toBe(false);
    expect(suits(preset('file'), 'a service that comes later')).toBe(true);
  });

  test('starts from the answers that hold, or from those that were given', () => {
    expect(answersOf(preset('lx-music-api-server'))).toEqual({ path: '', platform: 'tx', replace: 'atomic', then: '' });
    expect(answersOf(preset('meting'), { path: '/a', gone: 'x' })).toEqual({ path: '/a', mode: '', owner: '', group: '' });
  });

  test('asks for the secrets that its answers name, and for none that nothing needs', () => {
    const named = (answers: Record<string, string>) => secretsOf(preset('webhook'), answers).map(({ name }) => name);
    expect(named({ signature: 'standard' })).toEqual(['signing']);
    expect(named({ signature: 'none', header: 'Authorization: Bearer {{secret.token}}', body: '{{secret.token}}' })).toEqual(['token']);
  });

  test('says what to set up, what is done and how it shows, each', () => {
    expect(presets().length).toBeGreaterThan(10);
    for (const { name, setup, about, proof } of presets()) expect([setup.english, about.english, proof.english].every(Boolean), name).toBe(true);
  });
});

test('a list of deliveries that is older than the one known is dropped', () => {
  const core = new Core();
  core.apply({ kind: 'deliveries', deliveries: [places.meting], revision: 7 });
  core.apply({ kind: 'deliveries', deliveries: [], revision: 6 });
  expect(core.deliveriesOf(people.linJian)).toEqual([places.meting]);
  core.apply({ kind: 'deliveries', deliveries: [], revision: 8 });
  expect(core.deliveriesOf(people.linJian)).toEqual([]);
});
