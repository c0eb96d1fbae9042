import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addedDrivers, chosenDrivers, onlyDrivers } from '../../src/softgpu/drivers.js';
import { findSoftwareGpus, isStartedWith, offersLavapipe } from '../../src/softgpu/index.js';
import { vulkanEnvironments, vulkanVariables, withVariables } from '../../src/softgpu/process.js';

const NAMES = [
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'VK_ADD_DRIVER_FILES',
  'VK_LOADER_DRIVERS_DISABLE',
] as const;
const before = NAMES.map((name) => process.env[name]);

const clear = (): void => NAMES.forEach((name) => Reflect.deleteProperty(process.env, name));
beforeEach(clear);
afterEach(() => {
  clear();
  NAMES.forEach((name, i) => {
    if (before[i] !== undefined) process.env[name] = before[i];
  });
});

describe('the drivers that the user has chosen', () => {
  test('are those of the newer variable, else of the older one', () => {
    expect(chosenDrivers()).toEqual([]);
    process.env.VK_ICD_FILENAMES = '/old.json';
    expect(chosenDrivers()).toEqual(['/old.json']);
    process.env.VK_DRIVER_FILES = '';
    expect(chosenDrivers()).toEqual(['/old.json']);
    process.env.VK_DRIVER_FILES = '/a.json::/b.json';
    expect(chosenDrivers()).toEqual(['/a.json', '/b.json']);
  });

  test('stay, and stay first', () => {
    process.env.VK_DRIVER_FILES = '/a.json';
    const merged = '/a.json:/soft.json';
    expect(onlyDrivers(['/soft.json', '/a.json'])).toEqual({
      VK_DRIVER_FILES: merged,
      VK_ICD_FILENAMES: merged,
    });
    expect(findSoftwareGpus().env.VK_DRIVER_FILES).toMatch(/^\/a\.json:.*swiftshader/);
    const [first, second] = vulkanVariables();
    expect(first).toEqual({});
    expect(second.VK_DRIVER_FILES).toMatch(/^\/a\.json:/);
  });

  test('otherwise software GPUs join those of the system, or are alone', () => {
    process.env.VK_ADD_DRIVER_FILES = '/mine.json';
    expect(addedDrivers(['/soft.json'])).toEqual({ VK_ADD_DRIVER_FILES: '/mine.json:/soft.json' });
    const [beside, alone] = vulkanVariables();
    expect(beside.VK_ADD_DRIVER_FILES).toMatch(/^\/mine\.json:[^:]*vk_swiftshader_icd\.json$/);
    expect(Object.keys(alone)).toEqual(['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']);
  });

  test('come without lavapipe first, where it is installed, and without what the user leaves out', () => {
    process.env.VK_LOADER_DRIVERS_DISABLE = '*mine*';
    process.env.VK_DRIVER_FILES = '/usr/lvp_icd.json';
    expect(offersLavapipe()).toBe(true);
    const [first, ...others] = vulkanEnvironments();
    expect(first).toEqual({
      variables: { VK_LOADER_DRIVERS_DISABLE: '*mine*,*lvp_icd*' },
      complete: false,
    });
    expect(others).toEqual(vulkanVariables().map((variables) => ({ variables, complete: true })));
    process.env.VK_DRIVER_FILES = '/a.json';
    expect(vulkanEnvironments().every(({ complete }) => complete)).toBe(true);
  });

  test('a process that was started with the environment needs no other', () => {
    const { env } = findSoftwareGpus();
    const library = process.env.LD_LIBRARY_PATH;
    Object.assign(process.env, env);
    expect(findSoftwareGpus().env).toEqual(env);
    expect(isStartedWith(env)).toBe(true);
    if (library === undefined) Reflect.deleteProperty(process.env, 'LD_LIBRARY_PATH');
    else process.env.LD_LIBRARY_PATH = library;
  });
});

test('variables are there for as long as the body runs, one body at a time, even where one fails', async () => {
  const seen: (string | undefined)[] = [];
  const body = async (): Promise<void> => {
    seen.push(process.env.VK_DRIVER_FILES);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(process.env.VK_DRIVER_FILES);
    if (process.env.VK_DRIVER_FILES === 'a') throw new Error('a');
  };
  const results = await Promise.allSettled([
    withVariables({ VK_DRIVER_FILES: 'a' }, body),
    withVariables({ VK_DRIVER_FILES: 'b' }, body),
  ]);
  expect(seen).toEqual(['a', 'a', 'b', 'b']);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(process.env.VK_DRIVER_FILES).toBeUndefined();
});
