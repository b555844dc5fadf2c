/** One line of `/proc/<pid>/mountinfo`. */
export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  /** Major and minor number of the device: `8:1`. */
  readonly device: string;
  /** Directory of the file system that is mounted; not `/` for a bind mount of a part of it. */
  readonly root: string;
  readonly mountPoint: string;
  readonly isReadOnly: boolean;
  readonly fileSystem: string;
  readonly source: string;
}

/** What stands between the optional fields of a line and the fields of the file system. */
const SEPARATOR = ' - ';

/** Reads a mount table of Linux (proc(5)); lines that are not of its form are left out. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const entry = parseLine(line);
    return entry === undefined ? [] : [entry];
  });
}

function parseLine(line: string): MountEntry | undefined {
  const end = line.indexOf(SEPARATOR);
  if (end < 0) {
    return undefined;
  }
  const [id, parentId, device, root, mountPoint, options] = line.slice(0, end).split(' ');
  const [fileSystem, source, superOptions] = line.slice(end + SEPARATOR.length).split(' ');
  if (options === undefined || superOptions === undefined) {
    return undefined;
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    device: device ?? '',
    root: unescape(root),
    mountPoint: unescape(mountPoint),
    isReadOnly: isReadOnly(options) || isReadOnly(superOptions),
    fileSystem: unescape(fileSystem),
    source: unescape(source),
  };
}

function isReadOnly(options: string): boolean {
  return options.split(',').includes('ro');
}

/** The kernel writes blanks, newlines, backslashes and "#" as a backslash and three octal digits. */
function unescape(field = ''): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
