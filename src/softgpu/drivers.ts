/** The variables that say which drivers the Vulkan loader offers, each a list of manifests. */

/** They decide alone. The first wins where both are set; loaders before 1.3.207 know the second only. */
const CHOSEN = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;
/** It adds to the drivers of the system, in loaders since 1.3.207, unless one of the others is set. */
const ADDED = 'VK_ADD_DRIVER_FILES';

/** Its drivers, patterns with commas between them, are left out, by loaders since 1.3.234. */
const DISABLED = 'VK_LOADER_DRIVERS_DISABLE';

const filesOf = (name: string): string[] =>
  (process.env[name] ?? '').split(':').filter((file) => file !== '');

const joined = (files: readonly string[]): string => [...new Set(files)].join(':');

/** The manifests that the user has chosen; empty where the choice is the loader's. */
export const chosenDrivers = (): readonly string[] =>
  CHOSEN.map(filesOf).find((files) => files.length > 0) ?? [];

/** Makes the loader offer what the user has chosen, then `drivers`, and nothing else. */
export function onlyDrivers(drivers: readonly string[]): Readonly<Record<string, string>> {
  const files = joined([...chosenDrivers(), ...drivers]);
  return Object.fromEntries(CHOSEN.map((name) => [name, files]));
}

/** Makes the loader leave out drivers whose manifest is called like `pattern`, if it can. */
export const withoutDrivers = (pattern: string): Readonly<Record<string, string>> => ({
  [DISABLED]: [process.env[DISABLED] ?? '', pattern].filter((part) => part !== '').join(','),
});

/** Makes the loader offer `drivers` beside those of the system, if it can. */
export const addedDrivers = (drivers: readonly string[]): Readonly<Record<string, string>> => ({
  [ADDED]: joined([...filesOf(ADDED), ...drivers]),
});
