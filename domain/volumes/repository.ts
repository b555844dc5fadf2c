/** Where the repository of a namespace lies, below the prefix of its location. */
export function repositoryPath(clusterUid: string, namespace: string): string {
  return `${repositoriesOf(clusterUid)}${namespace}`;
}

/** What binds the password of a repository to that repository alone: the `info` of its key derivation. */
export function repositoryPasswordInfo(clusterUid: string, namespace: string): string {
  return `holdfast/restic/v1/${clusterUid}/${namespace}`;
}

/** What the keys of all repositories of a cluster begin with. */
export function repositoriesOf(clusterUid: string): string {
  return `restic/v1/${clusterUid}/`;
}
