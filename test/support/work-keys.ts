/** Whether a key, or the path of a request for one, lies in the folder that a run keeps while it is under way. */
export function isWorkKey(key: string): boolean {
  return key.split('/').includes('work');
}
