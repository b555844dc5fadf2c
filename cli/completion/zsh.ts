import type { CommandNode } from './command-tree.ts';
import { shellCore } from './shell-core.ts';

/** The text that makes zsh complete words of `holdfast`. */
export function zshCompletion(nodes: readonly CommandNode[]): string {
  return `#compdef holdfast
# zsh completion of holdfast, made by: holdfast completion zsh

_holdfast_names() {
  holdfast "$1" get -o name -q "\${@[2,-1]}" 2>/dev/null | cut -d/ -f2-
}

_holdfast() {
  local route='' flag='' found='' cur=\${words[CURRENT]} word
  local -a words_before=("\${(@)words[2,CURRENT-1]}") way=()
  [[ $cur == --*=* ]] && compset -P '*='
${shellCore(nodes)}  if [[ -n $word ]]; then
    compadd -- \${=word}
  else
    _files
  fi
}

(( $+functions[compdef] )) && compdef _holdfast holdfast
`;
}
