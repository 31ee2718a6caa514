export { type InitOptions, initPublisher, type KeysHere, PARTY_FILE } from './init.ts';
export { SETTINGS_FILE } from './settings.ts';
