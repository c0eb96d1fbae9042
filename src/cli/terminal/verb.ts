/** Commands that say first what they do not know, and then what they miss: the one often explains the other. */
import { Command, type ParseOptionsResult } from 'commander';
import { nearestName } from '../../base/nearest.js';

export class Verb extends Command {
  override createCommand(name?: string): Verb {
    return new Verb(name);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(args);
    const asksForHelp = parsed.unknown.some((arg) => arg === '--help' || arg === '-h');
    // What the root does not know belongs to its verbs.
    if (this.parent !== null && parsed.unknown.length > 0 && !asksForHelp) this.refuse(parsed.unknown[0]);
    return parsed;
  }

  private refuse(option: string): never {
    const known = this.createHelp()
      .visibleOptions(this)
      .flatMap(({ long }) => (typeof long === 'string' ? [long] : []));
    const near = option.startsWith('--') ? nearestName(option.split('=', 1)[0], known) : undefined;
    const guess = near === undefined ? '' : `\n(Did you mean ${near}?)`;
    this.error(`error: unknown option '${option}'${guess}`, { code: 'commander.unknownOption' });
  }
}
