/** A call of a function, of a method or of a constructor. */
export interface SignatureDescription {
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly optional?: true }[];
  readonly returns: string;
}

/** Something that a module exports, or a member of it. */
export interface Description {
  readonly kind?: 'function' | 'class' | 'constant' | 'interface' | 'type' | 'namespace';
  readonly name: string;
  readonly about?: string;
  readonly optional?: true;
  readonly type?: string;
  readonly signatures?: readonly SignatureDescription[];
  readonly members?: readonly Description[];
  readonly exports?: readonly Description[];
}

export interface ApiDescription {
  readonly version: 1;
  readonly modules: readonly { readonly name: string; readonly exports: readonly Description[] }[];
}

type Module = readonly [name: string, file: string];

export function modulesOf(folder?: string, ending?: string): readonly Module[];
export function describeApi(modules: readonly Module[]): ApiDescription;
