/* mend_wake: a subscriber stands in front of a dead publisher's claim, and the broker is away.
 *
 * Models   the subscriber cannot write the ring. It sleeps in front of the claim as in sleep_wake, for a slice at most;
 *          then, if the claim is still there, it says so: its bit in `mend_wanted`, then the hail, and starts over. Two
 *          fellows commit, or (-DWAITS) wait for room and wake from time to time. Commit: the word; then load sleepers
 *          bits and hail; if any is set: ring those sleepers, clear the hail, and look: take `mend_wanted`, unless the last
 *          look was less than a slice ago; mend whom it names, if that one is dead; ring everybody. A fellow may
 *          die before any step of its look (one of them): the other takes over. With -DHOSTILE a member hails and
 *          names somebody who lives. Seat 0 is another subscriber's, which sets its own bit and takes it back.
 *          Time goes on in slices: in each, the subscriber asks (also when it was rung meanwhile), and each living fellow
 *          acts, as late as it likes. There are ASKS of them: one more than deaths.
 * P1       nobody stands in front of the claim for ever (else: invalid end state).
 * P2       the first commit that begins behind an ask hears it, unless another has, or its publisher has just looked.
 * Flags    -DASKS=, -DEXTRA= how often a fellow acts besides, -DWAITS the fellows wait for room instead of committing.
 * Reach    -DREACH_TAKEN_OVER, -DEXTRA=1 -DHOSTILE -DREACH_EARLY: must fail: a fellow mends what another one died over; a look is put off.
 * Mutants (each must fail)
 *   -DMUTANT_NO_HAIL     only the bit is set: a commit before the subscriber sleeps again hears nothing.
 *   -DMUTANT_SEAT_BIT    the hail is seat 0's bit among the sleepers: that one takes it back.
 *   -DMUTANT_HAIL_FIRST  the hail before the bit: who hears it finds nothing to do, and nothing is left of it.
 *   -DMUTANT_NO_LOOK     who wakes a sleeper or hears a hail does not look.
 */
#ifndef ASKS
#define ASKS 2
#endif
#ifndef EXTRA
#define EXTRA 0
#endif

bool finished = false;                  /* the record's word: false: claimed by one that is dead */
bool sleeper = false, token = false, asleep = false;    /* the subscriber's bit and doorbell */
bool hail = false;
bool wanted = false;                    /* its bit in mend_wanted: the dead one's slot */
bool wanted_of_living = false;
byte asks = 0;
bool mending = false, mender_is_dead = false;           /* the slot's word: who mends, in short */
bool due[2] = true;                     /* the last look was a slice ago */
byte deaths = 1;
bool said = false;                      /* ghost: bit and hail are there, and nobody has heard */
byte takes = 0;                         /* ghost: how often somebody has */
bool gone[2];
byte acted[2];

inline ring_subscriber() { token = true; asleep = false }

proctype subscriber() {
  bool had, is_over;
  do
  :: finished -> break
  :: !finished ->
     token = false;
     sleeper = true;
     if
     :: finished -> break
     :: else
     fi;
wait:
     atomic { had = token; token = false };
     if
     :: had -> had = false
     :: else ->
        d_step { if :: !token -> asleep = true :: else fi };
        if
        :: !asleep -> goto wait
        :: atomic {                     /* a slice is over */
             asks < ASKS && asleep && (gone[0] || acted[0] == asks) && (gone[1] || acted[1] == asks) ->
             asleep = false; due[0] = true; due[1] = true; is_over = true }
        fi
     fi;
     if
     :: !finished ->
#ifdef MUTANT_HAIL_FIRST
        hail = true;
        atomic { wanted = true; said = true };
#elif defined(MUTANT_NO_HAIL)
        atomic { wanted = true; said = true };
#else
        wanted = true;
        atomic { hail = true; said = wanted };
#endif
        atomic { if :: is_over -> asks++; is_over = false :: else fi }
     :: else
     fi
  od
}

#define MAY_DIE if :: atomic { deaths > 0 -> deaths--; goto died } :: true fi

inline look() {
  if
  :: !wanted && !wanted_of_living
  :: else ->
     if
     :: !due[me] ->
#ifdef REACH_EARLY
        assert(false);
#endif
        must_hear = false
     :: else ->
        MAY_DIE;
        atomic { due[me] = false; took = wanted; wanted = false; wanted_of_living = false; said = false; takes++ };
        MAY_DIE;
        if
        :: took && !finished ->
           atomic {                     /* the slot's word: from held, or from a mender that is dead */
             if
             :: !mending || mender_is_dead ->
#ifdef REACH_TAKEN_OVER
                assert(!mender_is_dead);
#endif
                mending = true; mender_is_dead = false; mine = true
             :: else
             fi
           };
           if
           :: mine ->
              if :: atomic { deaths > 0 -> deaths--; mender_is_dead = true; goto died } :: true fi;
              finished = true;
              if :: atomic { deaths > 0 -> deaths--; mender_is_dead = true; goto died } :: true fi;
              ring_subscriber()
           :: else
           fi
        :: else
        fi;
        took = false; mine = false
     fi
  fi
}

proctype fellow(byte me) {
  byte seen = 0, takes_before, extra = (me == 0 -> EXTRA : 0);
  bool took, mine, any, must_hear;
end:
  do
  :: asks > seen || extra > 0 ->
     atomic {
       if :: asks > seen :: extra > 0 -> extra-- fi;
       seen = asks; must_hear = said; takes_before = takes
     };
#ifdef WAITS
     look();
#else
     /* commits; the word's store and these loads: sleep_wake */
     any = hail;
     if
     :: sleeper ->
        any = true;
        atomic { any = sleeper; sleeper = false };
        if :: any -> ring_subscriber() :: else fi;
        any = true
     :: else
     fi;
     if
     :: any ->
#ifdef MUTANT_NO_LOOK
        hail = false
#else
        atomic { hail = false; if :: said -> said = false; takes++ :: else fi };
        look()
#endif
     :: else
     fi;
     any = false;
#endif
     assert(!must_hear || takes != takes_before);               /* P2 */
     atomic { acted[me] = seen; must_hear = false; takes_before = 0 }
  od;
died:
  gone[me] = true
}

#ifdef HOSTILE
proctype hostile() { wanted_of_living = true; hail = true }
#endif

#ifdef MUTANT_SEAT_BIT
proctype seat_0() {
  byte times = ASKS;
  do
  :: times > 0 -> hail = true; hail = false; times--
  :: else -> break
  od
}
#endif

init {
  atomic {
    run subscriber(); run fellow(0); run fellow(1);
#ifdef HOSTILE
    run hostile();
#endif
#ifdef MUTANT_SEAT_BIT
    run seat_0()
#endif
  }
}
