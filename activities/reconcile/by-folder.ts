/** What lies in the folders directly below a prefix, by the name of the folder. */
export function byFolder<Entry extends { readonly key: string }>(
  prefix: string,
  entries: readonly Entry[],
  folders = new Map<string, Entry[]>(),
): Map<string, Entry[]> {
  for (const entry of entries) {
    const [name = ''] = entry.key.slice(prefix.length).split('/');
    const known = folders.get(name) ?? [];
    folders.set(name, known);
    known.push(entry);
  }
  return folders;
}
