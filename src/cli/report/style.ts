/** Colours, where the stream that is written to can show them. */
import pc from "picocolors";

export type Paint = ReturnType<typeof pc.createColors>;

export interface StreamStyle {
  /** It is a terminal that a person looks at: colours, spinners and keys are welcome. */
  readonly live: boolean;
  readonly paint: Paint;
}

export interface StyleWishes {
  /** `--no-color` */
  readonly color: boolean;
  /** `--json` */
  readonly json: boolean;
}

/** Decided for each stream by itself: picocolors alone would look at stdout only, and colour any CI. */
export function styleOf(
  stream: { readonly isTTY?: boolean },
  wishes: StyleWishes,
  env: NodeJS.ProcessEnv = process.env,
): StreamStyle {
  const live = stream.isTTY === true && !wishes.json && !isSet(env.CI) && env.TERM !== "dumb";
  return { live, paint: pc.createColors(live && wishes.color && !isSet(env.NO_COLOR)) };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}
