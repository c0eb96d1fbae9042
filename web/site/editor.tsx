/** A text with colours, line numbers and undo. It is loaded when a page has one. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Editor as OpenEditor, Language, Mistake } from './editor-view.js';

export interface EditorProps {
  readonly label: string;
  readonly language: Language;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly mistake?: Mistake | undefined;
}

export function Editor({ label, language, text, onChange, mistake }: EditorProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<OpenEditor | undefined>(undefined);
  // What is newest when the editor is there.
  const props = useRef({ text, onChange, mistake });
  props.current = { text, onChange, mistake };
  // What was typed comes back as `text` a little later, when more may have been typed: that does not overwrite it.
  const awaited = useRef<readonly string[]>([]);
  const last = useRef(text);
  const changed = (next: string): void => {
    awaited.current = next === props.current.text ? [] : [...awaited.current, next];
    props.current.onChange(next);
  };
  useEffect(() => {
    let isGone = false;
    void import('./editor-view.js').then(({ openEditor }) => {
      // Whoever leaves the page quickly has taken the place away.
      if (isGone || host.current === null) return;
      editor.current = openEditor(host.current, { label, language, onChange: changed });
      editor.current.show(props.current.text, props.current.mistake);
    });
    return () => {
      isGone = true;
      editor.current?.close();
    };
  }, [label, language]);
  useEffect(() => {
    if (text !== last.current) {
      const found = awaited.current.indexOf(text);
      awaited.current = found < 0 ? [] : awaited.current.slice(found + 1);
      last.current = text;
    }
    if (awaited.current.length === 0) editor.current?.show(text, mistake);
  }, [text, mistake]);
  return <div ref={host} class="editor" />;
}
