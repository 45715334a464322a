/* lost: the count of committed messages before a position, for lossy seats that are overrun and that join at now.
 *
 * Models   two publishers that commit, or finish without a message (abort, end record), or leave a skip. The tail carries
 *          position, sequence and the count of committed messages before it. Whoever moves it loads `gaps` (a bit a region,
 *          set before a word without a message is stored): if no bit is set for what it moves over, the count grows by the
 *          difference of the sequences; else the records are counted. Then it stores the tail, then it clears the bits of the
 *          regions that lie wholly below. The tail never passes an open claim.
 *          A lossy reader: word, tail; overrun: lost grows by the tail's count less its own.
 *          A seat that joins at now: X = the lowest of claimed position and open claims, in this order; the sequence at X;
 *          then gaps; then the tail. If the tail is beyond X, it starts there. If no bit is set between the tail and X, its
 *          count is the tail's and the difference of the sequences; else it walks, and looks at the tail after each word.
 *          The sequence at X: sequence, then the word at X and its header, then the tail (beyond X: it starts there). If the
 *          word is empty, the sequence is X's; a skip is stepped over; else the record's header has it.
 *          With -DDEATH publisher 1 dies anywhere, and the broker takes over the mutex, repairs and aborts.
 *          A record has one cell and one free cell behind it. The tail is read in one step (its two entries with a version).
 *          Plain interleaving is exact: what is stored here is loaded in the other order, and bits change by
 *          read-modify-write. That what is read is whole: pins.
 * P1       a reader's own count is that of the messages committed before its position: received + lost is what was committed
 *          behind its start, after each overrun and at the end.
 * P2       the joiner's count at its start, likewise.
 * P3       all before the tail and before a joiner's X is finished.
 * P4       nobody is blocked for ever (else: invalid end state).
 * Flags    -DN= cells, -DREGION= cells, -DK= positions, -DREADER, -DJOINER, -DDEATH.
 * Reach    -DREACH_OVERRUN, -DREACH_WALK, -DREACH_BEHIND, -DREACH_NO_WALK, -DREACH_HEADER: must fail; an overrun, a joiner that
 *          walks, one that finds the tail beyond X, one that need not walk, one that takes the sequence from a header.
 * Mutants (each must fail)
 *   -DREADER -DMUTANT_NO_BIT          who finishes without a message sets no bit.
 *   -DREADER -DMUTANT_BIT_LATE        it sets the bit after the word.
 *   -DREADER -DMUTANT_OPEN_TAIL       the tail passes open claims.
 *   -DREADER -DMUTANT_ONE_LAP         the bits cover one lap: a bit is cleared that stands for a record one lap on.
 *   -DREADER -DMUTANT_CLEAR_PARTIAL   the bit of the region that the tail lies in is cleared too.
 *   -DREADER -DDEATH -DMUTANT_BROKER_NO_BIT  the broker's aborts set no bit.
 *   -DJOINER -DMUTANT_CLEAR_FIRST     the bits are cleared before the tail is stored.
 *   -DJOINER -DMUTANT_TAIL_FIRST      the joiner loads the tail before gaps, and not again.
 *   -DJOINER -DMUTANT_GAPS_FIRST      it loads gaps before it knows X.
 *   -DJOINER -DMUTANT_SEQUENCE_LATE   it loads the sequence after the word.
 *   -DJOINER -DMUTANT_NO_HEADER       it takes the sequence as it is, although there is a word at X.
 *   -DJOINER -DMUTANT_SKIP_HEADER     it takes a sequence from a skip's header.
 *   -DJOINER -DMUTANT_BLIND_WALK      it walks without looking at the tail.
 */
#ifndef N
#define N 3
#endif
#ifndef K
#define K 4
#endif
#ifndef REGION
#define REGION 1                        /* cells */
#endif
#ifdef MUTANT_ONE_LAP
#define BITS (N / REGION)
#else
#define BITS (2 * N / REGION)           /* two laps */
#endif
#define BIT_OF(p) (1 << (((p) / REGION) % BITS))
#define NO_CLAIM 100

#define EMPTY     0
#define COMMITTED 1
#define NO_MESSAGE 2                    /* aborted, or an end record */
#define SKIP      3
#define CLAIMED   4                     /* + publisher */

byte word[N];
byte header[N] = 99;                    /* the record's sequence; that of a skip is whatever was there */
byte claimed = 0, sequence = 0;
byte open_claim[2] = NO_CLAIM;
byte mutex = 0, limit = 0;              /* limit: under the mutex */
byte tail = 0, tail_sequence = 0, tail_messages = 0;
byte gaps = 0;
bool ended[2], dead = false;

#define PENDING 0                       /* ghost: what became of each position */
byte fate[K + 2];

inline count_before(p) {                /* ghost: n */
  n = 0; k = 0;
  do
  :: k < (p) -> assert(fate[k] != PENDING); n = n + (fate[k] == COMMITTED -> 1 : 0); k++        /* P3 */
  :: else -> break
  od;
  k = 0
}

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define IS_CLAIM(w) ((w) >= CLAIMED)
#ifdef DEATH
#define MAY_DIE if :: id == 1 -> dead = true; goto gone :: true fi
#else
#define MAY_DIE skip
#endif

inline set_bit(p) { gaps = gaps | BIT_OF(p) }
inline store_word(p, w) { atomic { word[(p) % N] = w; fate[p] = w } }

inline refresh() {
  m = open_claim[0];
  m = MIN(m, open_claim[1]);
  to = claimed + 2;                     /* the record and its reserve */
#ifndef MUTANT_OPEN_TAIL
  to = MIN(to, m + N);
#endif
  if
  :: to <= tail + N -> to = tail
  :: else -> to = to - N
  fi;
  m = 0;
  if
  :: to == tail
  :: else ->
     g = gaps;
     d_step {
       s = tail_sequence; n = tail_messages; k = tail;
       do
       :: k < to ->
          if :: g & BIT_OF(k) -> walk = true :: else fi;
          if :: word[k % N] != SKIP -> s++ :: else fi;
          if :: word[k % N] == COMMITTED -> n++ :: else fi;
          k++
       :: else -> break
       od;
       if :: !walk -> n = tail_messages + s - tail_sequence :: else fi;         /* no need to look at the records */
       g = 0; walk = false; k = tail;
       do                               /* g: the regions wholly below the new tail */
#ifdef MUTANT_CLEAR_PARTIAL
       :: k < to -> g = g | BIT_OF(k); k++
#else
       :: k / REGION < to / REGION -> g = g | BIT_OF(k); k++
#endif
       :: else -> break
       od;
       k = 0
     };
#ifdef MUTANT_CLEAR_FIRST
     gaps = gaps & (255 - g);
#endif
     d_step { tail = to; tail_sequence = s; tail_messages = n; count_before(to); assert(n == tail_messages) };
     MAY_DIE;
#ifndef MUTANT_CLEAR_FIRST
     gaps = gaps & (255 - g);
#endif
     s = 0; n = 0; g = 0
  fi;
  limit = to + N; to = 0
}

proctype publisher(byte id) {
  byte p, m, to, g, s, n, k;
  bool walk = false, may_skip = true;
  do
  :: atomic { mutex == 0 -> mutex = id + 1 };
     if
     :: claimed >= K -> mutex = 0; break
     :: else
     fi;
     if
     :: claimed + 2 > limit -> refresh()
     :: else
     fi;
     if
     :: claimed + 2 > limit ->
        mutex = 0;
        atomic { open_claim[1 - id] == NO_CLAIM || open_claim[1 - id] + N >= claimed + 2 -> skip }
     :: claimed + 2 <= limit && may_skip && id == 0 ->          /* to step over something */
        may_skip = false;
        word[(claimed + 1) % N] = EMPTY;
        store_word(claimed, SKIP);
        claimed = claimed + 1;
        mutex = 0
     :: claimed + 2 <= limit ->
        p = claimed;
        open_claim[id] = p;
        header[p % N] = sequence;
        word[(p + 1) % N] = EMPTY;
        word[p % N] = CLAIMED + id;
        MAY_DIE;
        sequence = header[p % N] + 1;
        MAY_DIE;
        claimed = p + 1;
        mutex = 0;
        MAY_DIE;
        if
        :: store_word(p, COMMITTED)
        ::
#if !defined(MUTANT_BIT_LATE) && !defined(MUTANT_NO_BIT)
           set_bit(p);
           MAY_DIE;
#endif
           store_word(p, NO_MESSAGE)
#ifdef MUTANT_BIT_LATE
           ; open_claim[id] = NO_CLAIM; set_bit(p)
#endif
        fi;
        MAY_DIE;
        atomic { open_claim[id] = NO_CLAIM; p = 0 }
     fi
  od;
gone:
  ended[id] = true
}

#ifdef DEATH
inline abort_claim(p) {
  if
  :: word[(p) % N] == CLAIMED + 1 ->
#ifndef MUTANT_BROKER_NO_BIT
     set_bit(p);
#endif
     store_word(p, NO_MESSAGE)
  :: else
  fi
}

proctype broker() {
  byte k;
  if
  :: dead && ended[1] ->
     if
     :: mutex == 2 ->                   /* repair */
        do
        :: word[claimed % N] == EMPTY -> break
        :: else ->
           abort_claim(claimed);
           if :: word[claimed % N] != SKIP -> sequence = header[claimed % N] + 1 :: else fi;
           claimed = claimed + 1
        od;
        mutex = 0
     :: mutex != 2
     fi;
     k = open_claim[1];
     do
     :: k < claimed -> abort_claim(k); k++
     :: k >= claimed -> break
     od;
     open_claim[1] = NO_CLAIM;
     dead = false
  :: ended[1] && !dead
  fi
}
#endif
#define ALL_DONE (ended[0] && ended[1] && !dead)

#ifdef READER
proctype reader() {
  byte at, w, own, received, lost, n, k;
  do
  :: w = word[at % N];
     if
     :: tail > at ->                    /* overrun */
#ifdef REACH_OVERRUN
        assert(false);
#endif
        d_step { lost = lost + tail_messages - own; own = tail_messages; at = tail }
     :: tail <= at && (w == EMPTY || IS_CLAIM(w)) ->
        if
        :: atomic { ALL_DONE && at == claimed -> break }
        :: atomic { word[at % N] != w || tail > at -> skip }
        fi
     :: tail <= at && w == COMMITTED -> received++; own++; at++
     :: tail <= at && (w == NO_MESSAGE || w == SKIP) -> at++
     fi;
     d_step { w = 0; count_before(at); assert(own == n && received + lost == n); n = 0 }       /* P1 */
  od
}
#endif

#ifdef JOINER
inline load_tail() { atomic { t = tail; t_sequence = tail_sequence; t_messages = tail_messages } }

proctype joiner() {
  byte x, s, w, g, t, t_sequence, t_messages, at, own, n, k;
#ifdef MUTANT_GAPS_FIRST
  g = gaps;
#endif
  x = claimed;
  x = MIN(x, open_claim[0]);
  x = MIN(x, open_claim[1]);
  do
  ::
#ifndef MUTANT_SEQUENCE_LATE
     s = sequence;
#endif
     w = word[x % N];
     own = header[x % N];
#ifdef MUTANT_SEQUENCE_LATE
     s = sequence;
#endif
     if
     :: tail > x -> break
     :: w == EMPTY -> break
     :: w != EMPTY ->
#if defined(MUTANT_NO_HEADER)
        break
#elif defined(MUTANT_SKIP_HEADER)
        s = own; break
#else
        if
        :: w == SKIP -> x++
        :: else ->
#ifdef REACH_HEADER
           assert(s == own);
#endif
           s = own; break
        fi
#endif
     fi
  od;
  atomic { w = 0; own = 0 };
#ifdef MUTANT_TAIL_FIRST
  load_tail();
#endif
#ifndef MUTANT_GAPS_FIRST
  g = gaps;
#endif
#ifndef MUTANT_TAIL_FIRST
  load_tail();
#endif
  atomic {
    k = t;
    do :: k < x && (g & BIT_OF(k)) == 0 -> k++ :: else -> break od;
    g = 0
  };
  if
  :: t > x ->
#ifdef REACH_BEHIND
     assert(false);
#endif
     atomic { at = t; own = t_messages }
  :: t <= x && k >= x ->                /* no bit in between */
#ifdef REACH_NO_WALK
     assert(t == x);
#endif
     atomic { at = x; own = t_messages + s - t_sequence }
  :: t <= x && k < x ->                 /* walk */
#ifdef REACH_WALK
     assert(false);
#endif
     atomic { at = t; own = t_messages; s = 0; k = 0 };
     do
     :: at >= x -> break
     :: at < x ->
        w = word[at % N];
#ifdef MUTANT_BLIND_WALK
        t = 0;
#else
        load_tail();
#endif
        if
        :: t > at -> at = t; own = t_messages
        :: else -> own = own + (w == COMMITTED -> 1 : 0); at++
        fi
     od
  fi;
  atomic {
    count_before(at); assert(own == n);
    x = 0; s = 0; w = 0; t = 0; t_sequence = 0; t_messages = 0; at = 0; own = 0; n = 0
  }                                 /* P2 */
}
#endif

init {
  atomic {
    run publisher(0); run publisher(1);
#ifdef DEATH
    run broker();
#endif
#ifdef READER
    run reader();
#endif
#ifdef JOINER
    run joiner()
#endif
  }
}
