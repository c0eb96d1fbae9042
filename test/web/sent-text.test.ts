/** Texts that come with links: whose they are, and that none is taken for the visitor's own before somebody agrees. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packText, unpackText } from '../../web/site/packed.js';
import { step, type SentText, type Step } from '../../web/site/sent-text.js';

const OWN: SentText = { text: 'own', isSent: false, isBroken: false };
const after = (...steps: readonly Step[]): SentText => steps.reduce(step, OWN);
const address = (packed?: string): Step => ({ kind: 'address', packed });
const unpacked = (packed: string, text = packed.toLowerCase()): Step => ({ kind: 'unpacked', packed, text });
const edit = (text: string): Step => ({ kind: 'edit', text });

test('the text of a link is sent until somebody agrees; keys are no consent', () => {
  expect(after(address('A'))).toMatchObject({ text: 'own', awaited: 'A' });
  expect(after(address('A'), unpacked('A'))).toMatchObject({ text: 'a', isSent: true });
  expect(after(address('A'), unpacked('A')).awaited).toBeUndefined();
  expect(after(address('A'), unpacked('A'), edit('ab'))).toMatchObject({ text: 'ab', isSent: true });
  expect(after(address('A'), unpacked('A'), { kind: 'accept' })).toMatchObject({ text: 'a', isSent: false });
  expect(after(address('A'), unpacked('A'), { kind: 'replace', text: 'b' })).toMatchObject({ text: 'b', isSent: false }); // prettier-ignore
});

test('a link whose text is there already changes nothing', () => {
  expect(after(address('A'), unpacked('A', 'own'))).toMatchObject({ text: 'own', isSent: false });
  // Of a text that was sent, it is no consent.
  expect(after(address('A'), unpacked('A'), address('B'), unpacked('B', 'a')).isSent).toBe(true);
});

test('a broken link is said to be one until the next step', () => {
  const broken = after(address('A'), { kind: 'broken', packed: 'A' });
  expect(broken).toMatchObject({ text: 'own', isSent: false, isBroken: true });
  expect(broken.awaited).toBeUndefined();
  expect(step(broken, edit('mine')).isBroken).toBe(false);
});

test('links that settle late or out of order change nothing, and no text of a link runs without consent', () => {
  const name = fc.constantFrom('A', 'B', 'C');
  const anyStep: fc.Arbitrary<Step> = fc.oneof(
    name.map((packed) => address(packed)),
    name.map((packed) => unpacked(packed)),
    name.map((packed): Step => ({ kind: 'broken', packed })),
    fc.constantFrom('', '!', '?').map((end) => edit(`own${end}`)),
    fc.constant<Step>({ kind: 'accept' }),
    fc.constant(address()),
  );
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
      let state = OWN;
      for (const next of steps) {
        const old = state;
        state = step(old, next);
        if (next.kind === 'unpacked' && old.awaited !== next.packed) expect(state).toBe(old);
        if (next.kind === 'unpacked' && state.text !== old.text) expect(state.isSent).toBe(true);
        if (old.isSent && next.kind !== 'accept') expect(state.isSent).toBe(true);
        if (next.kind === 'accept') expect(state.awaited).toBeUndefined();
      }
    }),
  );
});

test('a text comes back out of its link', async () => {
  for (const text of ['', 'a', '\u{1f9f5}\0', 'é'.repeat(200_000)])
    expect(await unpackText(await packText(text))).toBe(text);
});

test('of a text that is too long, no more than the limit is inflated', async () => {
  const packed = await packText('a'.repeat(32 << 20));
  await expect(unpackText(packed)).rejects.toThrow(/too long/);
  // Its end is missing, and nobody comes that far.
  await expect(unpackText(packed.slice(0, -8))).rejects.toThrow(/too long/);
});
