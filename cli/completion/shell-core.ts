import type { CommandNode, Flag } from './command-tree.ts';

/**
 * The middle of the functions of bash and of zsh: from `words_before` and `cur` to the words that may stand there, in
 * `word`. Nothing is there when files may stand there.
 */
export function shellCore(nodes: readonly CommandNode[]): string {
  const flags = nodes.flatMap((node) => node.flags);
  const valued = flags.filter(({ takesValue }) => takesValue);
  const way = WAY_FLAGS.join(' | ');
  return `  for word in "\${words_before[@]}"; do
    if [[ -n $flag ]]; then
      case $flag in
        ${way}) way+=("$flag" "$word") ;;
      esac
      flag=''
    elif [[ $word == -* ]]; then
      case $word in
        --*=*) case \${word%%=*} in ${way}) way+=("$word") ;; esac ;;
        ${namesOf(valued).join(' | ')}) flag=$word ;;
      esac
    else
      case $route/$word in
${nodes
  .filter(({ path }) => path !== '')
  .map(pathCase)
  .join('\n')}
        *) found=$word ;;
      esac
    fi
  done
  word=''
  if [[ $cur == --*=* ]]; then
    flag=\${cur%%=*}
    cur=\${cur#*=}
  fi
  if [[ -n $flag ]]; then
    case $flag in
${valueCases(flags).join('\n')}
    esac
  elif [[ $cur == -* ]]; then
    case $route in
${nodes.map(({ path, flags: own }) => `      '${path}') word='${namesOf(own).join(' ')}' ;;`).join('\n')}
    esac
  elif [[ -z $found ]]; then
    case $route in
${nodes.flatMap(wordCase).join('\n')}
    esac
  fi
`;
}

/** The words of flags, each once. */
export function namesOf(flags: readonly Flag[]): string[] {
  return [...new Set(flags.flatMap(({ names }) => names))];
}

/** Flags that say which API is asked for names. */
const WAY_FLAGS = ['--server', '--token', '--token-file', '--ca', '--kubeconfig', '--context'];

function pathCase({ path, aliases }: CommandNode): string {
  const parent = path.slice(0, path.lastIndexOf('/'));
  const paths = [path, ...aliases.map((alias) => `${parent}/${alias}`)];
  return `        ${paths.join(' | ')}) route=${path} ;;`;
}

function valueCases(flags: readonly Flag[]): string[] {
  const byNames = new Map<string, Flag>();
  for (const flag of flags) {
    if (flag.values.length > 0 || flag.noun !== undefined) {
      byNames.set(flag.names.join(' | '), flag);
    }
  }
  return [...byNames].map(
    ([names, { values, noun }]) => `      ${names}) ${wordsText(values, noun)} ;;`,
  );
}

function wordCase({ path, words, noun }: CommandNode): string[] {
  return words.length === 0 && noun === undefined
    ? []
    : [`      '${path}') ${wordsText(words, noun)} ;;`];
}

function wordsText(words: readonly string[], noun: string | undefined): string {
  return noun === undefined
    ? `word='${words.join(' ')}'`
    : `word=$(_holdfast_names ${noun} "\${way[@]}")`;
}
