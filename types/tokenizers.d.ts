/** The part of the library that Heddle uses: its own declarations name files without extensions, which NodeNext does not resolve. */
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    constructor(definition: object, config: object);
    encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: number[] };
    id_to_token(id: number): string | undefined;
  }
}
