import type { CommandNode } from './command-tree.ts';
import { shellCore } from './shell-core.ts';

/** The text that makes bash complete words of `holdfast`. */
export function bashCompletion(nodes: readonly CommandNode[]): string {
  return `# bash completion of holdfast, made by: holdfast completion bash

_holdfast_names() {
  holdfast "$1" get -o name -q "\${@:2}" 2>/dev/null | cut -d/ -f2-
}

_holdfast() {
  local line=\${COMP_LINE:0:COMP_POINT} route='' flag='' found='' cur word
  local -a words=() words_before=() way=()
  # Not by COMP_WORDS, which is cut at the colons of addresses too.
  read -ra words <<<"$line"
  [[ $line == *' ' ]] && words+=('')
  cur=\${words[-1]}
  words_before=("\${words[@]:1:\${#words[@]}-2}")
${shellCore(nodes)}  [[ -z $word ]] || mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
}

complete -o default -F _holdfast holdfast
`;
}
