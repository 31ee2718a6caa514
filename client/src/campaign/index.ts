// A campaign: a verified release, signed by the supplier, for the meters that take it.

export { type Assembled, type AssembleOptions, assemble, expectEmpty, writeCampaign } from './assemble.ts';
export { CAMPAIGN_FILE, type Campaign, campaignFile, LONGEST_LIST } from './campaign.ts';
export { type CampaignCode, CampaignError } from './errors.ts';
export {
  DEFAULT_FORCE_REPLACE,
  serviceFor,
  signManufacturerImage,
  slicesOfImage,
  type Trailer,
  upgradeImage,
} from './image.ts';
export { type ChosenMeters, chooseMeters, type Target, whyUnfit } from './meters.ts';
