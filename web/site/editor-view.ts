/** CodeMirror, in a shadow: a policy that forbids styles in the page lets scripts set those of a shadow. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { json, typescript } from '@codemirror/legacy-modes/mode/javascript';
import { StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  drawSelection,
  EditorView,
  keymap,
  lineNumbers,
  type DecorationSet,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { shadowOf } from './shadow.js';

export type Language = 'json' | 'typescript';

/** A message at a line, from 1. */
export interface Mistake {
  readonly line: number;
  readonly message: string;
}

export interface Editor {
  /** A text that is there already keeps its cursor. */
  show(text: string, mistake: Mistake | undefined): void;
  close(): void;
}

// Tokenizers by line are a tenth of the grammars, and colours are all that is asked of them.
const LANGUAGES = {
  json: StreamLanguage.define(json),
  typescript: StreamLanguage.define(typescript),
} as const;

/** Replaces the mark at a line; undefined takes it away. */
const mark = StateEffect.define<Mistake | undefined>();

/** The line that is wrong. */
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marked, { effects, changes, state }) {
    const last = effects.findLast((effect) => effect.is(mark));
    if (last === undefined) return marked.map(changes);
    const mistake = last.value;
    if (mistake === undefined || mistake.line > state.doc.lines) return Decoration.none;
    const attributes = { class: 'mistake', title: mistake.message };
    return Decoration.set(Decoration.line({ attributes }).range(state.doc.line(mistake.line).from));
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The colours of the site, dark or light. */
const LOOKS = [
  EditorView.theme({
    '&': { color: 'var(--text)', backgroundColor: 'var(--node)', fontSize: '13px' },
    '.cm-content': { caretColor: 'var(--text)' },
    '.cm-cursor': { borderLeftColor: 'var(--text)' },
    '.cm-gutters': { color: 'var(--dim)', backgroundColor: 'var(--box)', border: '0' },
    '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
      backgroundColor: 'var(--line)',
    },
    '.mistake': { textDecoration: 'underline wavy var(--accent)', backgroundColor: 'var(--box)' },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--keyword)' },
      { tag: [tags.typeName, tags.propertyName], color: 'var(--type)' },
      { tag: [tags.number, tags.string, tags.bool], color: 'var(--number)' },
      { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--function)' },
      { tag: tags.comment, color: 'var(--dim)' },
    ]),
  ),
];

/** Text over a selection. Chromium's own way to it writes styles into lines that it joins, which the policy of the page forbids. */
function typeOver(event: InputEvent, view: EditorView): boolean {
  const { inputType, data, isComposing } = event;
  if (inputType !== 'insertText' || data === null || isComposing || view.state.selection.main.empty)
    return false;
  event.preventDefault();
  view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
  return true;
}

export function openEditor(
  host: Element,
  { label, language, onChange }: { label: string; language: Language; onChange: (text: string) => void },
): Editor {
  const root = shadowOf(host);
  const view = new EditorView({
    root,
    parent: root,
    extensions: [
      LOOKS,
      [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        indentOnInput(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
      ],
      marks,
      LANGUAGES[language],
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.domEventHandlers({ beforeinput: typeOver }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) onChange(state.doc.toString());
      }),
    ],
  });
  return {
    show(text, mistake) {
      if (text !== view.state.doc.toString())
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      view.dispatch({ effects: mark.of(mistake) });
    },
    close: () => view.destroy(),
  };
}
