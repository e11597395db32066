"""`gt completion`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import listing
from gt.cli.text import one_line

app = new_app()


class Shell(StrEnum):
    """What is to complete; `words` is how the scripts ask."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    WORDS = "words"


BASH = """\
# Completion of gt for bash: eval "$(gt completion bash)"
_gt() {
    local word about found=() IFS=$'\\t'
    while read -r word about; do
        found+=("$word"$'\\t'"$about")
    done < <("${COMP_WORDS[0]}" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    if [ ${#found[@]} -eq 1 ]; then
        COMPREPLY=("${found[0]%%$'\\t'*}")
        return
    fi
    for word in "${found[@]}"; do
        about=${word#*$'\\t'}
        COMPREPLY+=("${word%%$'\\t'*}${about:+  ($about)}")
    done
}
complete -o default -o nosort -F _gt gt
"""

ZSH = """\
#compdef gt
# Completion of gt for zsh: eval "$(gt completion zsh)", or as a file _gt in a folder of $fpath
_gt() {
    local word about
    local -a found
    while IFS=$'\\t' read -r word about; do
        found+=("${word//:/\\\\:}:$about")
    done < <(${words[1]} completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then _describe -V gt found; else _files; fi
}
if [[ $funcstack[1] == _gt ]]; then
    _gt "$@"  # this file is being loaded by the first Tab, which is to be answered too
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
    compdef _gt gt
fi
"""

FISH = """\
# Completion of gt for fish: gt completion fish | source
function __gt_words
    set -l words (commandline -opc)
    gt completion words -- $words[2..] (commandline -ct) 2>/dev/null
end
complete -c gt -n 'test (count (__gt_words)) -gt 0' -f
complete -c gt -a '(__gt_words)'
"""


@app.command()
def completion(
    ctx: typer.Context,
    shell: Annotated[
        Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish; words: what the scripts ask with.")
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD...]", help="With words: what was typed after gt, to the cursor."),
    ] = None,
) -> int:
    """Print the script by which a shell completes commands, options, and Beads with their titles.

    Example:
      gt completion bash >> ~/.bashrc
      gt completion fish > ~/.config/fish/completions/gt.fish
      gt completion words -- show gt-7
    """
    from gt.cli.completion import candidates

    gt = Context.of(ctx)
    if shell is not Shell.WORDS:
        if words:
            raise typer.BadParameter("only `words` takes words")
        gt.out({Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH}[shell].removesuffix("\n"))
        return Code.OK
    found = candidates(gt, words or [""])
    if gt.json:
        gt.emit(listing("CandidateList", ({"word": each.word, "about": each.about} for each in found)))
    else:
        for each in found:
            gt.out(f"{one_line(each.word)}\t{one_line(each.about)}")
    return Code.OK
