/** A fault in a manifest, with lightningd's message. Caught by parseManifest. */
export class ManifestFault extends Error {}
