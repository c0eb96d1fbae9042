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
  useEffect(() => {
    let isGone = false;
    void import('./editor-view.js').then(({ openEditor }) => {
      if (isGone) return;
      editor.current = openEditor(host.current!, { label, language, onChange: (next) => props.current.onChange(next) }); // prettier-ignore
      editor.current.show(props.current.text, props.current.mistake);
    });
    return () => {
      isGone = true;
      editor.current?.close();
    };
  }, [label, language]);
  useEffect(() => editor.current?.show(text, mistake), [text, mistake]);
  return <div ref={host} class="editor" />;
}
