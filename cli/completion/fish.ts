import type { CommandNode, Flag } from './command-tree.ts';
import { namesOf } from './shell-core.ts';

/** The text that makes fish complete words of `holdfast`. */
export function fishCompletion(nodes: readonly CommandNode[]): string {
  const valued = nodes.flatMap(({ flags }) => flags).filter(({ takesValue }) => takesValue);
  return `# fish completion of holdfast, made by: holdfast completion fish

function __holdfast_names
  holdfast $argv[1] get -o name -q 2>/dev/null | string replace -r '^[^/]*/' ''
end

function __holdfast_route
  set -l route ''
  set -l flag ''
  for word in (commandline -opc)[2..-1]
    if test -n "$flag"
      set flag ''
      continue
    end
    switch $word
      case ${namesOf(valued).join(' ')}
        set flag $word
        continue
      case '-*'
        continue
    end
    switch "$route/$word"
${nodes
  .filter(({ path }) => path !== '')
  .map(routeCase)
  .join('\n')}
    end
  end
  echo "$route"
end

complete -c holdfast -e
${nodes.flatMap(nodeLines).join('\n')}
`;
}

function routeCase({ path, aliases }: CommandNode): string {
  const parent = path.slice(0, path.lastIndexOf('/'));
  const paths = [path, ...aliases.map((alias) => `${parent}/${alias}`)];
  return `      case ${paths.join(' ')}\n        set route ${path}`;
}

function nodeLines({ path, words, noun, flags }: CommandNode): string[] {
  const at = `complete -c holdfast -n 'test "$(__holdfast_route)" = "${path}"'`;
  const given = noun === undefined ? words.join(' ') : `(__holdfast_names ${noun})`;
  return [
    ...(given === '' ? [] : [`${at} -f -a '${given}'`]),
    ...flags.map((flag) => `${at} ${flagText(flag)}`),
  ];
}

function flagText({ names, takesValue, values, noun }: Flag): string {
  const words = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice('--'.length)}` : `-s ${name.slice(1)}`,
  );
  const given = noun === undefined ? values.join(' ') : `(__holdfast_names ${noun})`;
  const value = given === '' ? '-r' : `-x -a '${given}'`;
  return [...words, ...(takesValue ? [value] : [])].join(' ');
}
