import { expect, test } from 'vitest';

import { people } from '../../src/host/scenes';
import { Pictures } from '../../src/state/pictures.svelte';

const { linJian, xiaoman, mori } = people;

/** Pictures of a host that answers with what `answers` holds, in order, and then with nothing. */
function shown(...answers: (string | null | Error)[]): { pictures: Pictures; asked: string[] } {
  const asked: string[] = [];
  const picture = (account: string) => {
    asked.push(account);
    const answer = answers.shift() ?? null;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { pictures: new Pictures({ picture }), asked };
}

/** Lets what was asked for come. */
const come = () => new Promise((done) => setTimeout(done));

test('a picture is asked for once, however often and for whomever it is shown', async () => {
  const { pictures, asked } = shown('data:,one');
  expect(pictures.of(linJian), 'it is not there at once').toBeNull();
  expect(pictures.of(linJian)).toBeNull();
  await come();
  expect(pictures.of({ ...linJian, nickname: 'Lin' })).toBe('data:,one');
  expect(pictures.of({ ...mori, picture: linJian.picture }), 'one picture of two accounts').toBe('data:,one');
  expect(asked).toEqual([linJian.id]);
});

test('another picture of an account is asked for, and the others stay', async () => {
  const { pictures, asked } = shown('data:,one', 'data:,two');
  pictures.of(linJian);
  await come();
  const changed = { ...linJian, picture: xiaoman.picture };
  expect(pictures.of(changed)).toBeNull();
  await come();
  expect([pictures.of(changed), pictures.of(linJian)]).toEqual(['data:,two', 'data:,one']);
  expect(asked).toEqual([linJian.id, linJian.id]);
});

test('an account without a picture asks for none', async () => {
  const { pictures, asked } = shown();
  expect(pictures.of(mori)).toBeNull();
  await come();
  expect(asked).toEqual([]);
});

test.each([null, new Error('gone')])('a picture that did not come is asked for again when it is next shown', async (answer) => {
  const { pictures, asked } = shown(answer, 'data:,one');
  pictures.of(linJian);
  await come();
  expect(pictures.of(linJian)).toBeNull();
  await come();
  expect(pictures.of(linJian)).toBe('data:,one');
  expect(asked).toHaveLength(2);
});
