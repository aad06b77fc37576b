"""Part words of music, play, and what one wears or keeps at home: name -> (other words, gloss)."""

from __future__ import annotations

WORDS = {
    "bench": ("piano bench, stool, piano stool", "the low seat of a player"),
    "bench leg": ("stool leg, foot of the bench, leg", "one of the legs of a bench"),
    "black key": ("black keys, sharp key, sharps", "one of the narrow dark keys"),
    "cymbal": ("crash cymbal, hi-hat, ride cymbal", "the round metal plate that is struck"),
    "drumhead": ("drum skin, skin, batter head", "the skin of a drum, which is struck"),
    "drumstick": ("stick, drum stick, mallet", "the stick one strikes a drum with"),
    "fallboard": ("key lid, keyboard lid, key cover", "the flap that covers the keys"),
    "jingle": ("zil, small cymbal, jingling disc", "one of the small discs that jingle"),
    "key bed": ("keybed, key shelf, keyboard shelf", "the shelf under the keys"),
    "lug": ("tension lug, tuning lug, tension rod", "what tightens the skin of a drum"),
    "music rest": ("music desk, sheet music holder, music holder", "what sheets of music lean on"),
    "pedal lyre": ("lyre, pedal support, pedal frame", "what carries the pedals under a grand piano"),
    "prop": ("lid prop, prop stick, lid support", "the stick that holds a lid open"),
    "soundboard": ("sound board, resonance board, belly", "the board that makes strings sound louder"),
    "white key": ("white keys, natural key, ivories", "one of the wide light keys"),
    "flared bell": ("horn bell, flare, bell of the horn", "the wide end that a horn sounds from"),
    "finger ring": ("pinky ring, finger hook, little finger hook", "the ring that a finger holds on to"),
    "hand slide": ("trombone slide, outer slide, playing slide", "the long tube that is drawn in and out"),
    "tuning slide": ("main tuning slide, tuning crook", "the bent tube that is drawn out to tune"),
    "valve": ("piston, valve case, valves", "one of the pistons that change the note"),
    "valve button": ("finger button, valve cap, piston button", "what a finger presses to move a valve"),
    "water key": ("spit valve, water lever, drain key", "the small lever that lets the water out"),
    "bellows": ("folds, pleats, air bellows", "the folded skin that is drawn out and pressed in"),
    "hand strap": ("bass strap, wrist strap, hand loop", "the band that the hand goes through"),
    "register switch": ("register, stop, tone switch", "one of the tabs that change the sound"),
    "mallet": ("beater, stick, xylophone stick", "the stick with a ball that one strikes with"),
    "resonator": ("resonator tube, sound tube, resonance tube", "one of the tubes that make a bar sound"),
    "tone bar": ("sound bar, note bar, wooden key", "one of the bars that sound when struck"),
}
