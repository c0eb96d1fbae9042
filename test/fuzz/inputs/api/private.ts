/** Which methods no user calls: the sources say so, and JavaScript does not know. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../../src', import.meta.url));
const CLASS = /^(?:export )?(?:abstract )?class (\w+)/;
const MEMBER = /^ {2,4}(?:private|protected)\s+(?:(?:abstract|override|async|readonly|static|get)\s+)*(\w+)/;

/** `Class.member` of everything that is private or protected. */
export function privateMembers(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    let owner = '';
    for (const line of readFileSync(join(SOURCES, file), 'utf8').split('\n')) {
      owner = CLASS.exec(line)?.[1] ?? owner;
      const member = MEMBER.exec(line)?.[1];
      if (member !== undefined) found.add(`${owner}.${member}`);
    }
  }
  return found;
}
