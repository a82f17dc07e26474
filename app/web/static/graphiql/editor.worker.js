import{a}from"./chunk-5JL3OHYD.js";import"./chunk-6AEJG7MM.js";import"./chunk-ZP6M3BAM.js";import"./chunk-QLF2ZZE4.js";import"./chunk-KRY6W33C.js";import"./chunk-43DUZJE2.js";export{a as initialize};
