/** Puts text together from tokens, and finds where it stops. */
import { utf8Decoder } from '../../base/utf8.js';

/** Text that grows token by token; what may be the beginning of a text that stops it is held back. */
export class GrowingText {
  private readonly decoder = utf8Decoder();
  private held = '';
  /** Whether a stop text was met; nothing follows it. */
  stopped = false;

  constructor(private readonly stops: readonly string[]) {}

  /** What can be told after the bytes of one more token. */
  add(bytes: Uint8Array): string {
    return this.take(this.decoder.decode(bytes, { stream: true }), false);
  }

  /** What was held back, at the end. */
  end(): string {
    return this.take(this.decoder.decode(), true);
  }

  private take(text: string, isLast: boolean): string {
    if (this.stopped) return '';
    const all = this.held + text;
    const found = this.stops.map((stop) => all.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.stopped = true;
      this.held = '';
      return all.slice(
        0,
        found.reduce((first, at) => Math.min(first, at)),
      );
    }
    const keep = isLast ? 0 : this.stops.reduce((most, stop) => Math.max(most, overlap(all, stop)), 0);
    this.held = all.slice(all.length - keep);
    return all.slice(0, all.length - keep);
  }
}

/** The most characters at the end of `text` with which `stop` begins. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
