/** The version in package.json, inserted by the build (scripts/build.mjs) and vitest.config.mts. */
declare const CLN_DEV_VERSION: string;
