import { describe, expect, test } from 'vitest';
import { ChatterFilter } from '../../../src/cli/terminal/quiet.js';

const CHATTER =
  'Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16 to fit.\n';

/** What is shown of `text` that comes in pieces of `size`. */
function filtered(text: string, size: number): string {
  const filter = new ChatterFilter();
  let shown = '';
  for (let at = 0; at < text.length; at += size) shown += filter.push(text.slice(at, at + size));
  return shown + filter.end();
}

describe('chatter', () => {
  test.each([1, 2, 7, 40, 1000])('is left out, and nothing else, in pieces of %i', (size) => {
    expect(filtered(`${CHATTER}a\n${CHATTER}${CHATTER}\nb`, size)).toBe('a\n\nb');
    for (const text of [
      '',
      'Warning: maxDynamic',
      'Warning: other\n',
      `see: ${CHATTER}`,
      'War\nWarning',
      '\n\n',
    ])
      expect(filtered(text, size)).toBe(text);
  });

  test.each([1, 3, 30, 1000])(
    'of drivers without a GPU is left out with its place, in pieces of %i',
    (size) => {
      const missing =
        'Error: Loader Message: setup_loader_term_phys_devs:  Failed to detect any valid GPUs in the current config\n' +
        'Warning: vkEnumeratePhysicalDevices\n    at GatherPhysicalDevices (dawn/VulkanInfo.cpp:147)\n\n';
      expect(filtered(`a\n${missing}\n    at b\n${missing}c`, size)).toBe('a\n\n    at b\nc');
      expect(filtered(`${missing}${CHATTER}DEVICE_NOT_FOUND\n`, size)).toBe('DEVICE_NOT_FOUND\n');
      for (const text of ['Error: Loader Message: other\n', 'Error\n    at f (a.js:1)\n\n'])
        expect(filtered(text, size)).toBe(text);
    },
  );

  test('what cannot be chatter is shown at once, such as a bar without an end of line', () => {
    const filter = new ChatterFilter();
    expect(filter.push('50%')).toBe('50%');
    expect(filter.push('\r60%')).toBe('\r60%');
    expect(filter.push('\nWarning: ')).toBe('\n');
    expect(filter.push('the device')).toBe('Warning: the device');
  });
});
