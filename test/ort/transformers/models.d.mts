/** Writes the models into folders of `folder`. */
export function writeModels(folder: string): void;
