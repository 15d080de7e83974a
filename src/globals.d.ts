/** The version in package.json, put in by the build (scripts/build.mjs) and by vitest.config.mts. */
declare const CLN_DEV_VERSION: string;
