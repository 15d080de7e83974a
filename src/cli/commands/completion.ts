/** `cln-dev completion`: prints a shell script generated from the commands and flags. */
import type { Command } from "commander";
import { usageFailure } from "../../errors/failure.js";
import { quoteWord } from "../../plugin/shell-words.js";
import type { Context, ExitCode } from "./context.js";

const SHELLS = ["bash", "zsh", "fish"] as const;

interface Word {
  readonly name: string;
  readonly description: string;
}

export async function completion(
  { io }: Context,
  program: Command,
  shell: string,
): Promise<ExitCode> {
  const known = SHELLS.find((one) => one === shell);
  if (known === undefined) {
    throw usageFailure(`no completion for ${shell}`, { fix: `Use one of ${SHELLS.join(", ")}` });
  }
  const commands = program.commands.map((command) => ({
    ...wordOf(command),
    flags: flagsOf(command),
  }));
  io.stdout.write({ bash, zsh, fish }[known](commands, flagsOf(program)));
  return 0;
}

type Script = (
  commands: readonly (Word & { readonly flags: readonly Word[] })[],
  global: readonly Word[],
) => string;

function wordOf(command: Command): Word {
  return { name: command.name(), description: command.description() };
}

function flagsOf(command: Command): Word[] {
  return command.options
    .filter(({ hidden }) => !hidden)
    .flatMap(({ long, description }) => (long ? [{ name: long, description }] : []));
}

const bash: Script = (
  commands,
  global,
) => `# bash completion of cln-dev: eval "$(cln-dev completion bash)"
_cln_dev() {
  local cur=\${COMP_WORDS[COMP_CWORD]} word command= flags=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names(commands, "|")}) command=$word; break ;; esac
  done
  case $command in
${commands.map(({ name, flags }) => `    ${name}) flags="${names(flags, " ")}" ;;`).join("\n")}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags ${names(global, " ")}" -- "$cur"))
  elif [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "${names(commands, " ")}" -- "$cur") $(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _cln_dev cln-dev
`;

const zsh: Script = (commands, global) => `#compdef cln-dev
# zsh completion of cln-dev: eval "$(cln-dev completion zsh)"
_cln_dev() {
  local -a commands flags
  commands=(${described(commands)})
  flags=(${described(global)})
  case \${words[2]} in
${commands.map(({ name, flags }) => `    ${name}) flags+=(${described(flags)}) ;;`).join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then _describe flag flags
  elif (( CURRENT == 2 )); then _describe command commands; _files
  else _files
  fi
}
compdef _cln_dev cln-dev
`;

const fish: Script = (
  commands,
  global,
) => `# fish completion of cln-dev: cln-dev completion fish | source
${[
  ...commands.map(
    ({ name, description }) =>
      `complete -c cln-dev -n __fish_use_subcommand -a ${name} -d ${quoteWord(description)}`,
  ),
  ...global.map((flag) => fishFlag(flag, "")),
  ...commands.flatMap(({ name, flags }) =>
    flags.map((flag) => fishFlag(flag, ` -n '__fish_seen_subcommand_from ${name}'`)),
  ),
].join("\n")}
`;

function fishFlag({ name, description }: Word, condition: string): string {
  return `complete -c cln-dev${condition} -l ${name.slice(2)} -d ${quoteWord(description)}`;
}

function names(words: readonly Word[], between: string): string {
  return words.map(({ name }) => name).join(between);
}

function described(words: readonly Word[]): string {
  return words.map(({ name, description }) => quoteWord(`${name}:${description}`)).join(" ");
}
